import { expect, test } from "bun:test";
import { providerConfig } from "../../../../src/agents/opencode/model-server/provider-config.ts";

const server = { url: "http://gpu:8080/", kind: "auto", calls: "auto", model: "hf.co/org/tiny:Q4" } as const;

test("providerConfig() makes a provider with one model, and names the file with the key instead of the key", () => {
  const config = providerConfig({ ...server, key: "secret", context: 32_768 }, "/agents/ada/key");
  expect(config).toEqual({
    model: "cliai/hf.co/org/tiny:Q4",
    small_model: "cliai/hf.co/org/tiny:Q4",
    provider: {
      cliai: {
        npm: "@ai-sdk/openai-compatible",
        name: "model server",
        options: { baseURL: "http://gpu:8080/v1", apiKey: "{file:/agents/ada/key}" },
        models: {
          "hf.co/org/tiny:Q4": {
            name: "hf.co/org/tiny:Q4",
            tool_call: true,
            limit: { context: 32_768, output: 8_192 },
          },
        },
      },
    },
  });
});

test("providerConfig() says nothing of a key or a context that there is not", () => {
  const text = JSON.stringify(providerConfig(server, undefined));
  expect(text).not.toContain("apiKey");
  expect(text).not.toContain("limit");
});

test("providerConfig() names the host's gate in place of the server, if there is one", () => {
  const config = providerConfig({ ...server, gate: "http://127.0.0.1:9/secret" }, undefined);
  expect(config).toMatchObject({
    provider: { cliai: { options: { baseURL: "http://127.0.0.1:9/secret/v1" } } },
  });
});
