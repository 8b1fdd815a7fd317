// /mcp: who is an agent there, and that the agent has its own tools and no others.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { toolNamesFor } from "../../../src/domain/wire/tools/tool-rules.ts";
import type { Era } from "../../support/bridge-fixture.ts";
import { until } from "../../support/wait-for.ts";
import { errorOf } from "../test-app.ts";
import { type McpApp, operatorsToken, startMcpApp } from "./operator-client.ts";

let mcp: McpApp;
beforeAll(async () => {
  mcp = await startMcpApp();
});
afterAll(() => mcp[Symbol.asyncDispose]());

const asks = (path: string, token: string, method = "GET") =>
  Promise.resolve(mcp.web.app.request(path, { method, headers: { authorization: `Bearer ${token}` } }));

describe("an agent's token", () => {
  test("opens /mcp and nothing else", async () => {
    const token = mcp.agentsToken("ada");
    for (const [method, path] of [
      ["GET", "/api/agents"],
      ["POST", "/mcp/operator"],
      ["GET", "/"],
      ["GET", "/metrics"],
      ["POST", "/api/agents/ada/commands"],
    ] as const) {
      const response = await asks(path, token, method);
      expect([path, response.status]).toEqual([path, 403]);
    }
    const { message } = await errorOf(await asks("/api/agents", token));
    expect(message).toContain("it is the agent ada's");
  });

  test("is what /mcp asks for: a person's token is no agent's", async () => {
    for (const token of [operatorsToken, mcp.tokenWith("assistant", "mcp", "command")]) {
      const response = await asks("/mcp", token, "POST");
      expect(response.status).toBe(403);
      expect(await errorOf(response)).toMatchObject({
        message: expect.stringContaining("names no agent"),
        hint: expect.stringContaining("cliai token add NAME --agent ID"),
      });
    }
    const without = await mcp.web.app.request("/mcp", { method: "POST" });
    expect([without.status, without.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
  });
});

const eras: readonly Era[] = ["legacy", "modern"];
describe.each(eras)("an agent with a %s client", (era) => {
  test("has the tools of the bridge, and speaks as itself", async () => {
    const id = `far-${era}`;
    const client = await mcp.connect(mcp.agentsToken(id), era, "/mcp");
    expect(client.getInstructions()).toContain(`You are the agent ${id}`);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(toolNamesFor("agent"));
    const status = { status: "working", current_task: "far away" };
    const { content } = await client.callTool({ name: "report_status", arguments: status });
    expect(content).toEqual([{ type: "text", text: "status recorded: working" }]);
    const view = () => mcp.web.test.server.fleet.get(id as never);
    await until("the fleet has it", () => view()?.current_task === "far away");
    expect(view()).toMatchObject({ cli: "assistant", axes: { link: { value: "online" } } });
  });

  test("waits for a person's answer", async () => {
    const id = `asks-${era}`;
    const client = await mcp.connect(mcp.agentsToken(id), era, "/mcp");
    const asked = client.callTool({ name: "ask_human", arguments: { question: "may I?", wait_s: 80 } });
    const { requests } = mcp.web.test.server;
    const request = await until("the request", () => requests.open().find(({ agent_id }) => agent_id === id));
    await requests.answer(request.request_id, { text: "yes" }, "mia");
    expect(JSON.stringify((await asked).content)).toContain("yes");
  });
});
