import { expect, test } from "bun:test";
import { createModelClient } from "../../../src/loop/model/model-client.ts";
import { readModelFacts } from "../../../src/loop/model/model-facts.ts";
import { llamaRoutes, ollamaRoutes, startModelEndpoint } from "../../support/model-endpoint.ts";

const { signal } = new AbortController();

test("readModelFacts() knows llama.cpp by /props, with the context of a slot and whether the template has tools", async () => {
  await using tools = await startModelEndpoint(llamaRoutes());
  expect(await readModelFacts({ url: tools.url }, signal)).toEqual({
    ...{ kind: "llama.cpp", model: "/models/tiny.gguf", context: 8_192, calls: "native", slots: 1 },
  });
  await using none = await startModelEndpoint(llamaRoutes({ hasTools: false }));
  expect((await readModelFacts({ url: `${none.url}/v1/` }, signal)).calls).toBe("schema");
});

test("readModelFacts() knows Ollama by /api/version; its context once the model is loaded; its tools by /api/show", async () => {
  await using idle = await startModelEndpoint(ollamaRoutes());
  expect(await readModelFacts({ url: idle.url, model: "qwen" }, signal)).toEqual({
    ...{ kind: "ollama", model: "qwen:latest", context: undefined, calls: "native" },
  });
  await using loaded = await startModelEndpoint(
    ollamaRoutes({ loaded: 4_096, capabilities: ["completion"] }),
  );
  const facts = await readModelFacts({ url: loaded.url, context: 16_000 }, signal);
  expect(facts).toMatchObject({ context: 4_096, calls: "schema" });
});

test("readModelFacts() takes any server with /v1/models as openai, with vLLM's context", async () => {
  const models = { json: { data: [{ id: "org/big", max_model_len: 32_768 }, { id: "org/small" }] } };
  await using server = await startModelEndpoint({ "GET /v1/models": models });
  const facts = await readModelFacts({ url: server.url, model: "org/big", context: 9_000 }, signal);
  expect(facts).toEqual({ kind: "openai", model: "org/big", context: 9_000, calls: "native" });
});

test("readModelFacts() names the models that the server has, where the asked one is missing or none was named", async () => {
  await using server = await startModelEndpoint(ollamaRoutes({ models: ["qwen:latest", "llama3:8b"] }));
  await expect(readModelFacts({ url: server.url, model: "qwem" }, signal)).rejects.toMatchObject({
    code: "config_invalid",
    message: `the model server at ${server.url} has no model "qwem"`,
    hint: expect.stringContaining("it has qwen:latest, llama3:8b"),
  });
  await expect(readModelFacts({ url: server.url }, signal)).rejects.toMatchObject({
    hint: "name one: --model qwen:latest; it has qwen:latest, llama3:8b",
  });
  await using empty = await startModelEndpoint(ollamaRoutes({ models: [] }));
  await expect(readModelFacts({ url: empty.url }, signal)).rejects.toMatchObject({
    message: `the model server at ${empty.url} has no model`,
  });
});

test("readModelFacts() finds llama.cpp's model by the name of its file", async () => {
  await using server = await startModelEndpoint(llamaRoutes());
  for (const model of ["tiny", "tiny.gguf", "/models/tiny.gguf"])
    expect((await readModelFacts({ url: server.url, model }, signal)).model).toBe("/models/tiny.gguf");
  await expect(readModelFacts({ url: server.url, model: "huge" }, signal)).rejects.toMatchObject({
    hint: "it has tiny.gguf",
  });
});

test("readModelFacts() refuses native calls of a template without tools, with the remedy", async () => {
  await using server = await startModelEndpoint(llamaRoutes({ hasTools: false }));
  await expect(readModelFacts({ url: server.url, calls: "native" }, signal)).rejects.toMatchObject({
    code: "config_invalid",
    hint: expect.stringContaining("--calls schema"),
  });
});

test("readModelFacts() says what answers there if it is no model server, and that a key is missing", async () => {
  await using page = await startModelEndpoint({});
  await expect(readModelFacts({ url: page.url }, signal)).rejects.toMatchObject({
    message: `what answers at ${page.url} is no model server: GET /v1/models gives 404`,
  });
  const locked = { status: 401, json: { error: { message: "Invalid API Key" } } };
  await using closed = await startModelEndpoint({ "GET /props": locked });
  await expect(readModelFacts({ url: closed.url }, signal)).rejects.toMatchObject({
    code: "refused",
    hint: "put the key into a variable, and name it: --key-from VARIABLE",
  });
});

test("facts() waits while the model loads, and gives up a server that is not there", async () => {
  const loading = { status: 503, json: { error: { message: "Loading model", code: 503 } } };
  const { "GET /props": props, ...rest } = llamaRoutes();
  await using server = await startModelEndpoint({
    ...rest,
    "GET /props": (_, count) => (count < 2 ? loading : props),
  });
  const waits: string[] = [];
  const patience = { firstMs: 100, awayMs: 100, busyMs: 20_000, silentMs: 60_000 };
  const client = createModelClient({ url: server.url }, patience);
  expect((await client.facts(signal, (why) => waits.push(why))).kind).toBe("llama.cpp");
  expect(waits[0]).toContain("cannot answer yet");
  const url = await goneUrl();
  await expect(createModelClient({ url }, patience).facts(signal, () => undefined)).rejects.toMatchObject({
    code: "no_answer",
    message: expect.stringContaining(`no model server answers at ${url} (`),
    hint: expect.stringContaining("llama-server"),
  });
});

/** The address of a server that has ended. */
async function goneUrl(): Promise<string> {
  await using server = await startModelEndpoint({});
  return server.url;
}
