// A model server for which the test writes every answer, to play what real servers answer besides a plain turn. See also
// openai-chat-server.ts, which plays a server that works as it should.
import type { ServerResponse } from "node:http";
import { text as readText } from "node:stream/consumers";
import { startLoopbackServer } from "./loopback-server.ts";

export interface EndpointRequest {
  /** Such as `POST /v1/chat/completions`. */
  readonly call: string;
  /** The parsed JSON of the body; undefined if there is none. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads of it what it needs
  readonly body: any;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** An answer: JSON with a status, the text of an event stream, or what is done with the socket. */
export type EndpointAnswer =
  | { readonly status?: number; readonly json: unknown }
  | { readonly stream: string }
  /** Writes the text, and then cuts the connection. */
  | { readonly cutAfter: string }
  /** The text of an event stream, with a wait after each part. */
  | { readonly parts: readonly string[]; readonly everyMs: number }
  /** Never answers. */
  | "silent";

/** Makes an answer from the request. `count`: how many requests of this call came before. */
export type EndpointRoute = EndpointAnswer | ((request: EndpointRequest, count: number) => EndpointAnswer);

export interface ModelEndpoint extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly EndpointRequest[];
  /** The chat requests, oldest first. */
  readonly chats: readonly EndpointRequest[];
  /** How many requests are open now. */
  readonly open: number;
}

export const chatCall = "POST /v1/chat/completions";
/** The chat of Ollama's own API. */
export const ollamaCall = "POST /api/chat";

/** A call that has no route is answered with 404, as llama.cpp does. */
export async function startModelEndpoint(
  routes: Readonly<Record<string, EndpointRoute>>,
): Promise<ModelEndpoint> {
  const requests: EndpointRequest[] = [];
  let open = 0;
  const server = await startLoopbackServer(async (request, response) => {
    open += 1;
    response.once("close", () => {
      open -= 1;
    });
    const call = `${request.method} ${new URL(request.url ?? "/", "http://localhost").pathname}`;
    const body = await readText(request);
    const read = { call, body: body === "" ? undefined : JSON.parse(body), headers: request.headers };
    const count = requests.filter((each) => each.call === call).length;
    requests.push(read);
    const route = routes[call] ?? { status: 404, json: { error: { code: 404, message: "File Not Found" } } };
    answer(response, typeof route === "function" ? route(read, count) : route);
  });
  return {
    url: server.url,
    requests,
    get chats() {
      return requests.filter(({ call }) => call === chatCall || call === ollamaCall);
    },
    get open() {
      return open;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function answer(response: ServerResponse, given: EndpointAnswer): void {
  if (given === "silent") return;
  if ("json" in given) {
    response.writeHead(given.status ?? 200, { "content-type": "application/json" });
    response.end(JSON.stringify(given.json));
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  if ("stream" in given) response.end(given.stream);
  else if ("parts" in given) writeSlowly(response, given.parts, given.everyMs);
  else response.write(given.cutAfter, () => response.destroy());
}

function writeSlowly(response: ServerResponse, [part, ...rest]: readonly string[], everyMs: number): void {
  if (part === undefined) return void response.end();
  response.write(part);
  const timer = setTimeout(() => writeSlowly(response, rest, everyMs), everyMs);
  response.once("close", () => clearTimeout(timer));
}

/** The routes of llama.cpp b11549 beside the chat. */
export function llamaRoutes({ context = 8_192, hasTools = true, model = "/models/tiny.gguf" } = {}) {
  return {
    "GET /props": {
      json: {
        default_generation_settings: { n_ctx: context },
        total_slots: 1,
        chat_template_caps: { supports_tools: hasTools },
      },
    },
    "GET /v1/models": { json: { object: "list", data: [{ id: model, object: "model" }] } },
  };
}

/** The routes of Ollama 0.17.4 beside the chat. `loaded`: the context of the model, once it is loaded. */
export function ollamaRoutes({
  models = ["qwen:latest"],
  capabilities = ["completion", "tools"],
  loaded = undefined as number | undefined,
} = {}) {
  const [name] = models;
  return {
    "GET /api/version": { json: { version: "0.17.4" } },
    "GET /v1/models": { json: { object: "list", data: models.map((id) => ({ id, object: "model" })) } },
    "POST /api/show": { json: { capabilities } },
    "POST /api/generate": { json: { done: true } },
    "GET /api/ps": { json: { models: loaded === undefined ? [] : [{ name, context_length: loaded }] } },
  };
}

export interface WrittenAnswer {
  readonly text?: string;
  readonly calls?: readonly { readonly name: string; readonly arguments: string; readonly id?: string }[];
  readonly finish?: string;
  readonly promptTokens?: number;
}

/** An event stream in llama.cpp's form. */
export function chatStream({ text, calls = [], finish, promptTokens = 100 }: WrittenAnswer): EndpointAnswer {
  const chunk = (delta: object, finish_reason: string | null = null) => ({
    choices: [{ index: 0, delta, finish_reason }],
  });
  const chunks: object[] = [chunk({ role: "assistant", content: null })];
  for (const piece of text?.match(/[\s\S]{1,7}/g) ?? []) chunks.push(chunk({ content: piece }));
  for (const [index, { name, arguments: args, id = `id-${crypto.randomUUID()}` }] of calls.entries()) {
    chunks.push(
      chunk({ tool_calls: [{ index, id, type: "function", function: { name, arguments: args } }] }),
    );
  }
  chunks.push(chunk({}, finish ?? (calls.length > 0 ? "tool_calls" : "stop")));
  const usage = {
    prompt_tokens: promptTokens,
    completion_tokens: 10,
    prompt_tokens_details: { cached_tokens: 0 },
  };
  chunks.push({ choices: [], usage, timings: { predicted_per_second: 20 } });
  return { stream: `${chunks.map((each) => `data: ${JSON.stringify(each)}\n\n`).join("")}data: [DONE]\n\n` };
}

/** A stream in the form of Ollama's own API. With an empty `finish`, it ends as an answer does that Ollama cuts off because it repeats itself. */
export function ollamaStream({
  text,
  calls = [],
  finish = "stop",
  promptTokens = 100,
  answerTokens = 10,
}: WrittenAnswer & { readonly answerTokens?: number }): EndpointAnswer {
  const head = { model: "qwen:latest", created_at: "2026-11-29T20:00:00.123456789Z" };
  const line = (message: object) => ({ ...head, message: { role: "assistant", ...message }, done: false });
  const pieces = (text?.match(/[\s\S]{1,7}/g) ?? []).map((content) => line({ content }));
  const called = calls.map(({ name, arguments: args, id }) => ({
    ...(id !== undefined && { id }),
    function: { index: 0, name, arguments: JSON.parse(args) },
  }));
  const lines: object[] = [
    ...pieces,
    ...(called.length > 0 ? [line({ content: "", tool_calls: called })] : []),
  ];
  if (finish !== "") {
    const counts = { prompt_eval_count: promptTokens, eval_count: answerTokens };
    const times = { total_duration: 3e9, load_duration: 1e8, prompt_eval_duration: 2e9 };
    const end = { done: true, done_reason: finish, ...times, ...counts, eval_duration: answerTokens * 5e7 };
    lines.push({ ...line({ content: "" }), ...end });
  }
  return { stream: lines.map((each) => `${JSON.stringify(each)}\n`).join("") };
}

/** The answers of a model, one after the other. The last one is repeated. */
export function inTurn(...answers: readonly EndpointAnswer[]): EndpointRoute {
  return (_, count) => answers[Math.min(count, answers.length - 1)] ?? "silent";
}
