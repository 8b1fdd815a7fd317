import { expect, test } from "bun:test";
import { gateAwayHeader, type ModelServerSettings } from "../../../src/domain/model-server.ts";
import {
  type ClientPatience,
  createModelClient,
  type ModelRequest,
} from "../../../src/loop/model/model-client.ts";
import { NoTools, TooLong } from "../../../src/loop/model/model-failure.ts";
import { startLoopbackServer } from "../../support/loopback-server.ts";
import {
  chatCall,
  chatStream,
  type EndpointRoute,
  inTurn,
  llamaRoutes,
  ollamaRoutes,
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
    json: { error: { message: "registry.ollama.ai/library/smol:latest does not support tools" } },
  };
  const routes = { ...ollamaRoutes(), [chatCall]: inTurn(refused, chatStream({ text: "{}" })) };
  await using server = await startModelEndpoint(routes);
  const { client, ask, abort } = asker({ url: server.url });
  await expect(ask()).rejects.toBeInstanceOf(NoTools);
  expect((await client.facts(abort.signal, () => undefined)).calls).toBe("schema");
  await ask();
  expect(server.chats[1]?.body.response_format).toBeDefined();

  await using other = await startModelEndpoint({ ...ollamaRoutes(), [chatCall]: refused });
  await expect(asker({ url: other.url, calls: "native" }).ask()).rejects.toMatchObject({
    code: "config_invalid",
  });
});

test("ask() learns the context of Ollama once the model is loaded", async () => {
  const { "GET /api/ps": loaded, ...rest } = ollamaRoutes({ loaded: 4_096 });
  const idle = { json: { models: [] } };
  const routes = { ...rest, "GET /api/ps": inTurn(idle, loaded), [chatCall]: chatStream({ text: "hi" }) };
  await using server = await startModelEndpoint(routes);
  const { client, ask, abort } = asker({ url: server.url });
  const facts = () => client.facts(abort.signal, () => undefined);
  expect((await facts()).context).toBeUndefined();
  await ask();
  expect((await facts()).context).toBe(4_096);
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
