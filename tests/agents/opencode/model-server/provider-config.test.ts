import { expect, test } from "bun:test";
import {
  providerConfig,
  providerFiles,
} from "../../../../src/agents/opencode/model-server/provider-config.ts";

const server = { url: "http://gpu:8080/", kind: "auto", calls: "auto", model: "hf.co/org/tiny:Q4" } as const;

test("providerConfig() makes a provider with one model, and names the files with its address and key instead of them", () => {
  const config = providerConfig({ ...server, key: "secret", context: 32_768 }, "/agents/ada");
  expect(config).toEqual({
    model: "cliai/hf.co/org/tiny:Q4",
    small_model: "cliai/hf.co/org/tiny:Q4",
    provider: {
      cliai: {
        npm: "@ai-sdk/openai-compatible",
        name: "model server",
        options: {
          baseURL: "{file:/agents/ada/opencode-model-server-url}",
          apiKey: "{file:/agents/ada/opencode-model-server-key}",
          headerTimeout: 1_800_000,
          chunkTimeout: 1_800_000,
        },
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
  const text = JSON.stringify(providerConfig(server, "/agents/ada"));
  expect(text).not.toContain("apiKey");
  expect(text).not.toContain("limit");
});

test("providerFiles() has the server's address, or that of the gate before it, and its key", () => {
  const url = { path: "/agents/ada/opencode-model-server-url", content: "http://gpu:8080/v1" };
  expect(providerFiles(server, "/agents/ada")).toEqual([url]);
  const gate = "http://127.0.0.1:4000/model/secret";
  expect(providerFiles({ ...server, gate, key: "k" }, "/agents/ada")).toEqual([
    { ...url, content: `${gate}/v1` },
    { path: "/agents/ada/opencode-model-server-key", content: "k" },
  ]);
});
