import { describe, expect, test } from "bun:test";
import { claude } from "../../../src/agents/claude/claude.ts";
import { copilot } from "../../../src/agents/copilot/copilot.ts";
import { local } from "../../../src/agents/local/local.ts";
import { checkModelServerFlag, modelServerOf } from "../../../src/cli/model-server/choose.ts";
import { createProfileSet, type FoundProfile } from "../../../src/profiles/profile-set.ts";
import { parseProfilesFile } from "../../../src/profiles/profiles-file.ts";
import { errorOf } from "../../support/error-of.ts";

const found = (model_server?: object): FoundProfile =>
  createProfileSet([parseProfilesFile(JSON.stringify({ fixer: { model_server } }), "/p.json")]).find("fixer");
const url = "http://gpu:8080";

describe("modelServerOf()", () => {
  test("takes the flag's server, with the profile's settings if it is the same, else the profile's", () => {
    const own = found({ url, model: "qwen", context: 8_000 });
    expect(modelServerOf(own, claude, undefined)).toMatchObject({ url, model: "qwen", context: 8_000 });
    expect(modelServerOf(own, claude, url)).toMatchObject({ url, model: "qwen", context: 8_000 });
    const other = modelServerOf(own, claude, "http://other:1");
    expect(other).toEqual({ url: "http://other:1", kind: "auto", calls: "auto" });
    expect(modelServerOf(found(), claude, undefined)).toBeUndefined();
  });

  test("refuses none for a CLI that needs one, and one for a CLI that was not shown to work on it", () => {
    expect(errorOf(() => modelServerOf(found(), local, undefined))).toMatchObject({
      code: "usage",
      message: "local needs a model server, and none is named",
      hint: expect.stringContaining("--model-server http://127.0.0.1:8080"),
    });
    expect(errorOf(() => modelServerOf(found({ url }), copilot, undefined))).toMatchObject({
      code: "usage",
      message: '/p.json: "fixer.model_server" is given, but cliai cannot give a model server to copilot',
      hint: expect.stringContaining("cliai can give one to claude"),
    });
  });

  test.each([
    [claude, { calls: "schema" }, "calls", "--cli local"],
    [local, { slim: true }, "slim", "remove it there"],
    [local, { kind: "anthropic" }, "kind", "leave it out"],
    [claude, { kind: "openai" }, "kind", "leave it out"],
  ])("refuses a setting that the CLI cannot use, by its key (%#)", (cli, more, key, hint) => {
    const error = errorOf(() => modelServerOf(found({ url, ...more }), cli, undefined));
    expect(error).toMatchObject({ code: "config_invalid", hint: expect.stringContaining(hint) });
    expect(error.message).toStartWith(`/p.json: "fixer.model_server.${key}"`);
    expect(error.message).toContain(cli.name);
  });
});

test.each([
  ["gpu", "is not a URL", "such as --model-server http://127.0.0.1:8080"],
  ["http://gpu?key=1", "is not a URL", "such as"],
  ["http://me:hunter2@gpu", "holds a user or a password", "key_from"],
  ["http://me@gpu", "holds a user or a password", "key_from"],
])("checkModelServerFlag() refuses %j, and does not repeat a password", (flag, message, hint) => {
  const error = errorOf(() => checkModelServerFlag(flag));
  expect(error).toMatchObject({ code: "usage", hint: expect.stringContaining(hint) });
  expect(error.message).toContain(message);
  expect(error.message).not.toContain("hunter2");
});

test.each([undefined, url, "https://gpu.lan/llm/v1"])("checkModelServerFlag() takes %j", (flag) => {
  expect(() => checkModelServerFlag(flag)).not.toThrow();
});
