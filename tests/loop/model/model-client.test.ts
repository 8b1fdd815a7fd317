import { expect, test } from "bun:test";
import { gateAwayHeader, type ModelServerSettings } from "../../../src/domain/model-server.ts";
import type { ModelRequest } from "../../../src/loop/model/chat-request.ts";
import { type ClientPatience, createModelClient } from "../../../src/loop/model/model-client.ts";
import { NoTools, TooLong } from "../../../src/loop/model/model-failure.ts";
import { startLoopbackServer } from "../../support/loopback-server.ts";
import {
  chatCall,
  chatStream,
  type EndpointRoute,
  inTurn,
  llamaRoutes,
  ollamaCall,
  ollamaRoutes,
  ollamaStream,
  startModelEndpoint,
} from "../../support/model-endpoint.ts";
import { until } from "../../support/wait-for.ts";

const tools = [{ name: "read_file", description: "Read", parameters: { type: "object", properties: {} } }];
const request: ModelRequest = {
  messages: [
    { role: "system", content: "Work." },
    { role: "user", content: "Read a." },
  ],
  tools,
  answerTokens: 64,
};
const patience = { firstMs: 3_000, awayMs: 3_000, busyMs: 20_000, silentMs: 60_000 };

const frame = (delta: object, finish_reason: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason }] })}\n\n`;

interface Heard {
  readonly waits: string[];
  text: string;
}

function asker(settings: ModelServerSettings, changes: Partial<ClientPatience> = {}) {
  const client = createModelClient(settings, { ...patience, ...changes });
  const heard: Heard = { waits: [], text: "" };
  const abort = new AbortController();
  const listener = {
    onText: (text: string) => {
      heard.text += text;
    },
    onThought: () => undefined,
    onWait: (why: string) => heard.waits.push(why),
  };
  return { client, heard, abort, ask: () => client.ask(request, abort.signal, listener) };
}

const llama = (chat: EndpointRoute, options?: Parameters<typeof llamaRoutes>[0]) =>
  startModelEndpoint({ ...llamaRoutes(options), [chatCall]: chat });

test("ask() offers the tools, asks for the usage, and closes the connection after each answer", async () => {
  await using server = await llama(chatStream({ text: "Hello there." }));
  const { ask, heard } = asker({ url: server.url, key: "secret" });
  expect(await ask()).toMatchObject({ text: "Hello there.", calls: [], isCutOff: false });
  expect(heard.text).toBe("Hello there.");
  const [{ body, headers }] = server.chats as [(typeof server.chats)[number]];
  expect(body).toMatchObject({
    ...{ model: "/models/tiny.gguf", stream: true, stream_options: { include_usage: true }, max_tokens: 64 },
    tools: [{ type: "function", function: { name: "read_file" } }],
  });
  expect(headers).toMatchObject({ connection: "close", authorization: "Bearer secret" });
});

test("ask() forces each answer into a call where the template has no tools", async () => {
  await using server = await llama(chatStream({ text: '{"name":"read_file","arguments":{}}' }), {
    hasTools: false,
  });
  await asker({ url: server.url }).ask();
  const { tools: offered, response_format } = server.chats[0]?.body ?? {};
  expect(offered).toBeUndefined();
  expect(response_format.json_schema.schema.anyOf[0].properties.name).toEqual({ const: "read_file" });
});

test("ask() asks again while the server loads, has too many requests, fails, or goes away in the middle", async () => {
  const error = (status: number, message: string) => ({ status, json: { error: { message } } });
  await using server = await llama(
    inTurn(
      error(503, "Loading model"),
      error(429, "Too many requests"),
      error(500, "Failed to parse input at pos 12"),
      { cutAfter: 'data: {"choices":[{"delta":{"content":"ha"}}]}\n\n' },
      chatStream({ text: "whole" }),
    ),
  );
  const { ask, heard } = asker({ url: server.url });
  expect((await ask()).text).toBe("whole");
  expect(heard.waits).toHaveLength(4);
  expect(heard.waits[0]).toContain("503 Loading model");
  expect(heard.waits[3]).toContain("does not answer");
});

test("ask() gives up a server that always fails, with its words and the remedy", async () => {
  await using server = await llama({ status: 500, json: { error: { message: "out of memory" } } });
  await expect(asker({ url: server.url }).ask()).rejects.toMatchObject({
    code: "failed",
    message: `the model server at ${server.url} failed 3 times: 500 out of memory`,
    hint: expect.stringContaining("--calls schema"),
  });
  expect(server.chats).toHaveLength(3);
});

test("ask() gives up a server that has gone for good", async () => {
  const server = await llama(chatStream({ text: "one" }));
  const { ask } = asker({ url: server.url });
  await ask();
  await server[Symbol.asyncDispose]();
  await expect(ask()).rejects.toMatchObject({ code: "no_answer", hint: expect.stringContaining("start it") });
});

test.each([
  [
    "llama.cpp",
    {
      code: 400,
      message: "request (40024 tokens) exceeds the available context size (8192 tokens), try increasing it",
      ...{ type: "exceed_context_size_error", n_prompt_tokens: 40_024, n_ctx: 8_192 },
    },
    { tokens: 40_024, limit: 8_192 },
  ],
  [
    "vLLM",
    { message: "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens." },
    { tokens: undefined, limit: 8_192 },
  ],
  [
    "Ollama",
    { message: "the input length exceeds the context length" },
    { tokens: undefined, limit: undefined },
  ],
])("ask() throws TooLong with the figures that %s tells", async (_, error, figures) => {
  await using server = await llama({ status: 400, json: { error } });
  const thrown = await asker({ url: server.url })
    .ask()
    .catch((each: unknown) => each);
  expect(thrown).toBeInstanceOf(TooLong);
  expect(thrown).toMatchObject(figures);
});

test("ask() goes over to forced calls where Ollama refuses tools, unless native ones were asked for", async () => {
  const refused = {
    status: 400,
    json: { error: "registry.ollama.ai/library/smol:latest does not support tools" },
  };
  const routes = { ...ollamaRoutes(), [ollamaCall]: inTurn(refused, ollamaStream({ text: "{}" })) };
  await using server = await startModelEndpoint(routes);
  const { client, ask, abort } = asker({ url: server.url });
  await expect(ask()).rejects.toBeInstanceOf(NoTools);
  expect((await client.facts(abort.signal, () => undefined)).calls).toBe("schema");
  await ask();
  expect(server.chats[1]?.body.format).toBeDefined();

  await using other = await startModelEndpoint({ ...ollamaRoutes(), [ollamaCall]: refused });
  await expect(asker({ url: other.url, calls: "native" }).ask()).rejects.toMatchObject({
    code: "config_invalid",
  });
});

test("ask() learns the context of Ollama once the model is loaded", async () => {
  const { "GET /api/ps": loaded, ...rest } = ollamaRoutes({ loaded: 4_096 });
  const idle = { json: { models: [] } };
  const routes = { ...rest, "GET /api/ps": inTurn(idle, loaded), [ollamaCall]: ollamaStream({ text: "hi" }) };
  await using server = await startModelEndpoint(routes);
  const { client, ask, abort } = asker({ url: server.url });
  const facts = () => client.facts(abort.signal, () => undefined);
  expect((await facts()).context).toBeUndefined();
  await ask();
  expect((await facts()).context).toBe(4_096);
});

const ollama = (chat: EndpointRoute, options?: Parameters<typeof ollamaRoutes>[0]) =>
  startModelEndpoint({ ...ollamaRoutes(options), [ollamaCall]: chat });

test("ask() asks Ollama by its own API: it must not cut the prompt, and keeps the model loaded", async () => {
  await using server = await ollama(
    ollamaStream({ text: "Hello there.", promptTokens: 40, answerTokens: 4 }),
  );
  const { ask, heard } = asker({ url: server.url, kind: "ollama", calls: "native", key: "secret" });
  const usage = { promptTokens: 40, answerTokens: 4, cachedTokens: 0, tokensPerS: 20 };
  expect(await ask()).toEqual({ text: "Hello there.", calls: [], isCutOff: false, usage });
  expect(heard.text).toBe("Hello there.");
  const [{ body, headers }] = server.chats as [(typeof server.chats)[number]];
  expect(body).toEqual({
    ...{ model: "qwen:latest", messages: request.messages, stream: true, truncate: false },
    tools: [{ type: "function", function: tools[0] }],
    options: { num_predict: 64 },
  });
  expect(headers).toMatchObject({ connection: "close", authorization: "Bearer secret" });

  await using kept = await ollama(ollamaStream({ text: "Hello." }));
  await asker({ url: kept.url, keep_alive: "-1" }).ask();
  await asker({ url: kept.url, keep_alive: "30m" }).ask();
  expect(kept.chats.map(({ body: { keep_alive } }) => keep_alive)).toEqual([-1, "30m"]);
});

test("ask() tells the context with which Ollama has refused a prompt, because Ollama's error has no figures", async () => {
  const refused = { status: 400, json: { error: "the input length exceeds the context length" } };
  await using server = await ollama(refused, { loaded: 4_096 });
  const thrown = await asker({ url: server.url, context: 8_000 })
    .ask()
    .catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(TooLong);
  expect(thrown).toMatchObject({ tokens: undefined, limit: 4_096 });
});

test("ask() learns the context of a model that Ollama has loaded under another name of the same weights", async () => {
  const modelfile = (blob: string) => `# FROM other\n\nFROM /models/blobs/sha256-${blob}\nTEMPLATE x\n`;
  const blobs: Readonly<Record<string, string>> = {
    "qwen:latest": "a",
    "coder:latest": "a",
    "other:1b": "b",
  };
  const loaded = ["other:1b", "coder:latest"].map((name, place) => ({
    ...{ name, context_length: (place + 1) * 1_024 },
  }));
  await using server = await startModelEndpoint({
    ...ollamaRoutes(),
    "POST /api/show": ({ body: { model } }) => ({
      json: { capabilities: ["completion"], modelfile: modelfile(blobs[model] ?? "none") },
    }),
    "GET /api/ps": { json: { models: loaded } },
    [ollamaCall]: ollamaStream({ text: "hi" }),
  });
  const { client, ask, abort } = asker({ url: server.url });
  const facts = () => client.facts(abort.signal, () => undefined);
  // Before the first answer, Ollama may load it anew, with a context of its own.
  expect((await facts()).context).toBeUndefined();
  await ask();
  expect((await facts()).context).toBe(2_048);
});

test("ask() takes an answer that Ollama has ended because it repeats itself for one that is cut off, and asks no more", async () => {
  await using silent = await ollama(ollamaStream({ text: "no ".repeat(31), finish: "" }));
  const cut = { text: "no ".repeat(31).trim(), isCutOff: true, usage: undefined };
  expect(await asker({ url: silent.url }).ask()).toMatchObject(cut);
  expect(silent.chats).toHaveLength(1);
  const error = "prediction aborted, token repeat limit reached";
  const line = (value: object) => `${JSON.stringify(value)}\n`;
  const stream = `${line({ message: { content: "no no" } })}${line({ error })}`;
  await using told = await ollama({ stream });
  expect(await asker({ url: told.url }).ask()).toMatchObject({ text: "no no", isCutOff: true });
});

test("ask() asks again where Ollama's model fails in the middle of an answer, and where Ollama itself goes away", async () => {
  const half = `${JSON.stringify({ message: { role: "assistant", content: "ha" }, done: false })}\n`;
  const error = "an error was encountered while running the model: unexpected EOF";
  const stream = `${half}${JSON.stringify({ error })}\n`;
  await using server = await ollama(inTurn({ stream }, { cutAfter: half }, ollamaStream({ text: "whole" })));
  const { ask, heard } = asker({ url: server.url });
  expect((await ask()).text).toBe("whole");
  expect(heard.waits).toEqual([
    expect.stringContaining("an error was encountered while running the model"),
    expect.stringContaining("does not answer"),
  ]);
});

test("ask() waits for an answer for as long as parts of it come, and not for one that stays away", async () => {
  const frames = ["One", " by", " one", "."].map((content) => frame({ content }));
  const everyMs = 300;
  await using slow = await llama({ parts: [...frames, frame({}, "stop")], everyMs });
  expect((await asker({ url: slow.url }, { silentMs: 1_000 }).ask()).text).toBe("One by one.");
  expect(slow.chats).toHaveLength(1);
  await using stuck = await llama(inTurn({ parts: [frame({ content: "So" }), ""], everyMs: 60_000 }));
  await expect(asker({ url: stuck.url }, { silentMs: 300, awayMs: 100 }).ask()).rejects.toMatchObject({
    code: "no_answer",
    message: expect.stringContaining("not a word within"),
  });
  await until("the connections are closed", () => stuck.open === 0);
});

test("ask() ends an answer that has no end, and closes the connection", async () => {
  const parts = Array.from({ length: 300 }, () => frame({ content: "so ".repeat(2_000) }));
  await using server = await llama({ parts: [parts.join(""), ""], everyMs: 60_000 });
  await expect(asker({ url: server.url }).ask()).rejects.toMatchObject({
    code: "failed",
    message: expect.stringContaining("does not end its answer"),
  });
  await until("the connection is closed", () => server.open === 0);
  await using line = await llama({ parts: [`data: ${"so ".repeat(400_000)}`, ""], everyMs: 60_000 });
  await expect(asker({ url: line.url }).ask()).rejects.toMatchObject({ code: "failed" });
  const piece = { message: { role: "assistant", content: "so ".repeat(2_000) }, done: false };
  const pieces = `${JSON.stringify(piece)}\n`.repeat(300);
  for (const stream of [pieces, `{"message":"${"so ".repeat(400_000)}`]) {
    await using endless = await ollama({ parts: [stream, ""], everyMs: 60_000 });
    await expect(asker({ url: endless.url }).ask()).rejects.toMatchObject({ code: "failed" });
    await until("the connection is closed", () => endless.open === 0);
  }
});

test("ask() throws at once when it is cancelled, and closes the connection, which frees the server's slot", async () => {
  await using server = await llama("silent");
  const { ask, abort } = asker({ url: server.url });
  const asked = ask();
  await until("the request is there", () => server.chats.length === 1);
  abort.abort(new Error("stopped"));
  await expect(asked).rejects.toThrow("stopped");
  await until("the connection is closed", () => server.open === 0);
});

test("ask() tells other refusals in the server's words", async () => {
  await using server = await llama({ status: 400, json: { error: { message: "invalid temperature" } } });
  await expect(asker({ url: server.url }).ask()).rejects.toMatchObject({
    message: `the model server at ${server.url} refused the request: 400 invalid temperature`,
  });
});

test("ask() asks the gate in place of the server, and an error names the server", async () => {
  await using gate = await llama(chatStream({ text: "By the gate." }));
  const { ask } = asker({ url: "http://gpu:8080", gate: gate.url });
  expect(await ask()).toMatchObject({ text: "By the gate." });
  await using closed = await startLoopbackServer((_request, response) => {
    response.writeHead(502, { [gateAwayHeader]: "ECONNREFUSED" }).end("{}");
  });
  const away = asker({ url: "http://gpu:8080/v1", gate: closed.url }, { firstMs: 300 });
  await expect(away.ask()).rejects.toMatchObject({
    code: "no_answer",
    message: expect.stringContaining("no model server answers at http://gpu:8080 (ECONNREFUSED)"),
  });
});
