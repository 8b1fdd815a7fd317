import { expect, test } from "bun:test";
import { processEnv, settingsEnv } from "../../../../src/agents/claude/model-server/model-server-env.ts";

const server = { url: "http://gpu:8080/v1/", kind: "auto", calls: "auto", model: "qwen" } as const;

test("settingsEnv() names the server and its model for every request, and no key for another service", () => {
  const env = settingsEnv({ ...server, key: "secret", context: 16_384 }, {});
  expect(env).toMatchObject({ ANTHROPIC_BASE_URL: "http://gpu:8080", ANTHROPIC_AUTH_TOKEN: "secret" });
  const models = Object.entries(env).filter(([name]) => /MODEL$/.test(name));
  expect(models.length).toBeGreaterThan(3);
  expect(new Set(models.map(([, model]) => model))).toEqual(new Set(["qwen"]));
  expect(env).toMatchObject({ ANTHROPIC_API_KEY: "", ANTHROPIC_CUSTOM_HEADERS: "" });
  expect(env).toMatchObject({
    CLAUDE_CODE_MAX_CONTEXT_TOKENS: "16384",
    CLAUDE_CODE_MAX_OUTPUT_TOKENS: "4096",
    DISABLE_AUTO_COMPACT: "1",
  });
});

test("settingsEnv() names the host's gate in place of the server, if there is one", () => {
  const gate = "http://127.0.0.1:9/secret";
  expect(settingsEnv({ ...server, gate }, {}).ANTHROPIC_BASE_URL).toBe(gate);
});

test("settingsEnv() says nothing of a context that is not known, and asks for no longer answers than Claude does", () => {
  expect(Object.keys(settingsEnv(server, {})).filter((name) => name.includes("_TOKENS"))).toEqual([]);
  expect(settingsEnv({ ...server, context: 1_000_000 }, {}).CLAUDE_CODE_MAX_OUTPUT_TOKENS).toBe("32000");
  expect(settingsEnv({ ...server, context: 1_000_000 }, {})).not.toHaveProperty("DISABLE_AUTO_COMPACT");
});

test("processEnv() removes from the environment what settingsEnv() leaves empty", () => {
  const env = processEnv(server, {});
  expect(env).toHaveProperty("ANTHROPIC_API_KEY", undefined);
  expect(env).toHaveProperty("CLAUDE_CODE_USE_BEDROCK", undefined);
  expect(env.ANTHROPIC_AUTH_TOKEN).toBe("none");
});

test("settingsEnv() keeps the limits that the agent's environment has", () => {
  const env = {
    API_TIMEOUT_MS: "5",
    CLAUDE_CODE_MAX_OUTPUT_TOKENS: "32",
    ANTHROPIC_BASE_URL: "http://other",
  };
  expect(settingsEnv({ ...server, context: 16_384 }, env)).toMatchObject({
    API_TIMEOUT_MS: "5",
    CLAUDE_CODE_MAX_OUTPUT_TOKENS: "32",
    ANTHROPIC_BASE_URL: "http://gpu:8080",
  });
});
