// A scripted OpenAI API for chat completions on loopback, for driving real agent CLIs with no network.
// It decides which turn answers a request and keeps every request; openai-chat-answer.ts gives a turn its wire form.
import type { IncomingMessage, ServerResponse } from "node:http";
import { text as readText } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import * as v from "valibot";
import { startLoopbackServer } from "./loopback-server.ts";
import {
  createScriptReader,
  type RuleOf,
  type ScriptedRequest,
  type ScriptOf,
  summaryOf,
  textsOf,
} from "./model-script.ts";
import { buildCompletion, type ChatTurn, completionChunks } from "./openai-chat-answer.ts";
import { patienceMs, waitFor } from "./wait-for.ts";

const chatBody = v.looseObject({
  model: v.string(),
  stream: v.optional(v.boolean(), false),
  messages: v.array(v.looseObject({ role: v.string(), content: v.optional(v.unknown()) })),
  tools: v.optional(v.array(v.looseObject({ function: v.looseObject({ name: v.string() }) })), []),
});

export interface ChatRequest extends ScriptedRequest {
  readonly body: v.InferOutput<typeof chatBody>;
  /** The names of the tools that the client offers, in order. */
  readonly toolNames: readonly string[];
  /** The request's header `authorization`; "" if it has none. */
  readonly authorization: string;
}

export type ChatRule = RuleOf<ChatRequest, ChatTurn>;
export type ChatScript = ScriptOf<ChatRequest, ChatTurn>;

export interface ChatServer extends AsyncDisposable {
  /** The API's base, which ends in `/v1`: for OPENAI_BASE_URL and the like. */
  readonly url: string;
  /** Every POST /v1/chat/completions so far, oldest first. */
  readonly requests: readonly ChatRequest[];
  /** Every HTTP request so far, as "POST /v1/chat/completions": shows what else a client reached for. */
  readonly calls: readonly string[];
  /** Starts another script from its beginning; answers that are under way go on. */
  setScript(script: ChatScript): void;
  /** The first request, past or coming, that fits; `what` names it in the failure. Default deadline `patienceMs`. */
  waitForRequest(
    fits: (request: ChatRequest) => boolean,
    options: { readonly what: string; readonly deadlineMs?: number },
  ): Promise<ChatRequest>;
}

/** Starts the server on a free port of 127.0.0.1. It knows every model by the name that it is asked for. */
export async function startOpenaiChatServer(script: ChatScript = {}): Promise<ChatServer> {
  const requests: ChatRequest[] = [];
  const calls: string[] = [];
  const readerOf = (next: ChatScript) => createScriptReader(next, (text): ChatTurn => ({ text }));
  let nextTurn = readerOf(script);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? "/", "http://127.0.0.1").pathname;
    const call = `${request.method} ${path}`;
    calls.push(call);
    const body = await readText(request);
    if (call === "POST /v1/chat/completions") {
      const read = readRequest(body, request.headers.authorization ?? "");
      requests.push(read);
      return answerTurn(response, read, nextTurn(read));
    }
    if (call === "GET /v1/models") return sendJson(response, 200, { object: "list", data: [] });
    sendError(response, { status: 404, type: "invalid_request_error", message: `no ${path}` });
  }

  const server = await startLoopbackServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else sendError(response, { status: 400, type: "invalid_request_error", message: String(error) });
    });
  });

  return {
    url: `${server.url}/v1`,
    requests,
    calls,
    setScript(next) {
      nextTurn = readerOf(next);
    },
    waitForRequest: (fits, { what, deadlineMs = patienceMs }) =>
      waitFor(() => requests.find(fits), { what, deadlineMs, saw: () => summaryOf(requests) }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function readRequest(json: string, authorization: string): ChatRequest {
  const body = v.parse(chatBody, JSON.parse(json));
  const lastAnswer = body.messages.findLastIndex(({ role }) => role === "assistant");
  const newText = body.messages
    .slice(lastAnswer + 1)
    .flatMap(textsOf)
    .join("\n");
  const toolNames = body.tools.map((tool) => tool.function.name);
  return { body, newText, isSide: toolNames.length === 0, toolNames, authorization };
}

async function answerTurn(response: ServerResponse, { body }: ChatRequest, turn: ChatTurn): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  try {
    if (turn.delayMs) await delay(turn.delayMs, undefined, { signal: gone.signal });
    if (turn.error) return sendError(response, turn.error);
    const completion = buildCompletion(turn, body.model);
    if (!body.stream) return sendJson(response, 200, completion);
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const { data, isText } of completionChunks(completion)) {
      response.write(`data: ${JSON.stringify(data)}\n\n`);
      if (turn.chunkDelayMs && isText) await delay(turn.chunkDelayMs, undefined, { signal: gone.signal });
    }
    response.end("data: [DONE]\n\n");
  } catch (error) {
    if (!gone.signal.aborted) throw error; // else the client hung up, as one does that interrupts its model
  }
}

function sendJson(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

function sendError(response: ServerResponse, error: NonNullable<ChatTurn["error"]>): void {
  const { status, type = "server_error", code = null, message = "scripted error", retryAfterS } = error;
  const headers = retryAfterS === undefined ? {} : { "retry-after": String(retryAfterS) };
  sendJson(response, status, { error: { message, type, param: null, code } }, headers);
}
