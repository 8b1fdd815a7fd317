import { expect, test } from "bun:test";
import {
  modelServerArgs,
  modelServerDefaults,
  modelServerEnv,
} from "../../../src/agents/qwen/qwen-model-server.ts";

const modelServer = { url: "http://gpu:8080/v1", kind: "auto", calls: "auto", model: "tiny" } as const;

test("modelServerEnv() and its siblings name the server, its model and its context, and say nothing without a server", () => {
  expect(modelServerArgs({ modelServer })).toEqual(["--auth-type", "openai"]);
  expect(modelServerEnv({ modelServer })).toEqual({
    OPENAI_BASE_URL: "http://gpu:8080/v1",
    OPENAI_API_KEY: "none",
    OPENAI_MODEL: "tiny",
  });
  expect(modelServerEnv({ modelServer: { ...modelServer, key: "secret" } }).OPENAI_API_KEY).toBe("secret");
  const known = { modelServer: { ...modelServer, context: 32_768 } };
  const waits = { timeout: 1_800_000, streamIdleTimeoutMs: 1_800_000 };
  expect(modelServerDefaults(known)).toEqual({
    model: { generationConfig: { ...waits, contextWindowSize: 32_768 } },
  });
  expect(modelServerDefaults({ modelServer })).toEqual({ model: { generationConfig: waits } });
  expect([modelServerArgs({}), modelServerEnv({}), modelServerDefaults({})]).toEqual([[], {}, {}]);
});

test("modelServerEnv() names the host's gate in place of the server, if there is one", () => {
  const env = modelServerEnv({ modelServer: { ...modelServer, gate: "http://127.0.0.1:9/secret" } });
  expect(env.OPENAI_BASE_URL).toBe("http://127.0.0.1:9/secret/v1");
});
