// The MCP configuration of an agent: the template with its values, of which none can change its structure.
import { expect, test } from "bun:test";
import { fillTemplate, type McpConfigValues } from "../../src/agents/mcp-config.ts";

const values: McpConfigValues = {
  ...{ command: "/bin/cliai", args: ["--x", "y"], agent_id: "ada", nats_url: "nats://h:1" },
  ...{ config_name: 'a", "b": "c', project_path: "/p {{role}}", role: "agent" },
};

test("fillTemplate() puts each value in the place of its name alone", () => {
  const template = {
    a: "{{agent_id}}",
    list: ["{{args}}", "bridge"],
    words: "of {{agent_id}}",
    n: 7,
    no: null,
  };
  expect(fillTemplate(template, values)).toEqual({
    ...{ a: "ada", list: ["--x", "y", "bridge"], words: "of {{agent_id}}", n: 7, no: null },
  });
});

test("fillTemplate() takes a value for words, whatever is in it", () => {
  expect(fillTemplate({ a: "{{config_name}}", b: "{{project_path}}" }, values)).toEqual({
    ...{ a: 'a", "b": "c', b: "/p {{role}}" },
  });
});

test("fillTemplate() leaves out what is not known, and never writes its name", () => {
  const env = { NATS_CREDS: "{{nats_creds}}", ROLE: "{{role}}", X: "{{unknown}}" };
  expect(fillTemplate({ env }, values)).toEqual({ env: { ROLE: "agent" } });
  expect(fillTemplate(["{{nats_creds}}"], { ...values, nats_creds: "/c" })).toEqual(["/c"]);
});
