import { expect, test } from "bun:test";
import { providerParams } from "../../../src/agents/codex/codex-model-server.ts";

const modelServer = { url: "http://gpu:8080/", kind: "auto", calls: "auto", model: "tiny" } as const;

test("providerParams() makes a provider for one thread, with the server's key in the request alone", () => {
  expect(providerParams({ modelServer: { ...modelServer, key: "secret", context: 32_768 } })).toMatchObject({
    params: { modelProvider: "cliai" },
    config: {
      "model_providers.cliai": {
        base_url: "http://gpu:8080/v1",
        wire_api: "responses",
        experimental_bearer_token: "secret",
      },
      model_context_window: 32_768,
    },
  });
  const { config } = providerParams({ modelServer });
  expect(config).not.toHaveProperty("model_context_window");
  expect(config["model_providers.cliai"]).not.toHaveProperty("experimental_bearer_token");
  expect(providerParams({})).toEqual({ params: {}, config: {} });
});

test("providerParams() names the host's gate in place of the server, if there is one", () => {
  const { config } = providerParams({ modelServer: { ...modelServer, gate: "http://127.0.0.1:9/secret" } });
  expect(config["model_providers.cliai"]).toMatchObject({ base_url: "http://127.0.0.1:9/secret/v1" });
});
