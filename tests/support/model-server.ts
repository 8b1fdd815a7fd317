// A scripted Anthropic Messages API on loopback, for driving the real Claude Code with no network.
// It decides which turn answers a request and keeps every request; model-answer.ts gives a turn its wire form.
import type { IncomingMessage, ServerResponse } from "node:http";
import { text as readText } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import * as v from "valibot";
import { startLoopbackServer } from "./loopback-server.ts";
import { apiId, buildMessage, messageEvents, type Turn } from "./model-answer.ts";
import {
  createScriptReader,
  type RuleOf,
  type ScriptedRequest,
  type ScriptOf,
  summaryOf,
  type TurnOf,
  textsOf,
} from "./model-script.ts";
import { patienceMs, waitFor } from "./wait-for.ts";

const messagesBody = v.looseObject({
  model: v.string(),
  stream: v.optional(v.boolean(), false),
  messages: v.array(v.looseObject({ role: v.string(), content: v.unknown() })),
  tools: v.optional(v.array(v.looseObject({ name: v.optional(v.string(), "") })), []),
});

export type ScriptedTurn = TurnOf<ModelRequest, Turn>;
export type Rule = RuleOf<ModelRequest, Turn>;
export type ModelScript = ScriptOf<ModelRequest, Turn>;

export interface ModelRequest extends ScriptedRequest {
  readonly body: v.InferOutput<typeof messagesBody>;
}

export interface ModelServer extends AsyncDisposable {
  /** For ANTHROPIC_BASE_URL. */
  readonly url: string;
  /** Every POST /v1/messages so far, oldest first. */
  readonly requests: readonly ModelRequest[];
  /** Every HTTP request so far, as "POST /v1/messages": shows what else a client reached for. */
  readonly calls: readonly string[];
  /** Starts another script from its beginning; answers that are under way go on. */
  setScript(script: ModelScript): void;
  /** The first request, past or coming, that fits; `what` names it in the failure. Default deadline `patienceMs`. */
  waitForRequest(
    fits: (request: ModelRequest) => boolean,
    options: { readonly what: string; readonly deadlineMs?: number },
  ): Promise<ModelRequest>;
}

/** Starts the server on a free port of 127.0.0.1. */
export async function startModelServer(script: ModelScript = {}): Promise<ModelServer> {
  const requests: ModelRequest[] = [];
  const calls: string[] = [];
  const readerOf = (next: ModelScript) => createScriptReader(next, (text): Turn => ({ text }));
  let nextTurn = readerOf(script);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? "/", "http://127.0.0.1").pathname;
    const call = `${request.method} ${path}`;
    calls.push(call);
    const body = await readText(request);
    if (call === "POST /v1/messages") {
      const read = readRequest(body);
      requests.push(read);
      return answerTurn(response, read, nextTurn(read));
    }
    if (call === "POST /v1/messages/count_tokens") {
      return sendJson(response, 200, { input_tokens: Math.ceil(body.length / 4) });
    }
    if (call === "GET /v1/models") return sendJson(response, 200, { data: [], has_more: false });
    if (request.method === "HEAD") return void response.end();
    sendError(response, { status: 404, type: "not_found_error", message: `no ${path}` });
  }

  const server = await startLoopbackServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else sendError(response, { status: 400, type: "invalid_request_error", message: String(error) });
    });
  });

  return {
    url: server.url,
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

function readRequest(json: string): ModelRequest {
  const body = v.parse(messagesBody, JSON.parse(json));
  const lastAnswer = body.messages.findLastIndex(({ role }) => role === "assistant");
  const news = body.messages.slice(lastAnswer + 1);
  return { body, newText: news.flatMap(textsOf).join("\n"), isSide: body.tools.length === 0 };
}

async function answerTurn(response: ServerResponse, { body }: ModelRequest, turn: Turn): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  try {
    if (turn.delayMs) await delay(turn.delayMs, undefined, { signal: gone.signal });
    if (turn.error) return sendError(response, turn.error);
    const message = buildMessage(turn, body.model);
    if (!body.stream) return sendJson(response, 200, message);
    response.writeHead(200, { "content-type": "text/event-stream", "request-id": apiId("req") });
    for (const event of messageEvents(message)) {
      response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
      if (turn.chunkDelayMs && event.type === "content_block_delta") {
        await delay(turn.chunkDelayMs, undefined, { signal: gone.signal });
      }
    }
    response.end();
  } catch (error) {
    if (!gone.signal.aborted) throw error; // else the client hung up, as one does that interrupts its model
  }
}

function sendJson(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { "content-type": "application/json", "request-id": apiId("req"), ...headers });
  response.end(JSON.stringify(body));
}

function sendError(response: ServerResponse, error: NonNullable<Turn["error"]>): void {
  const { status, type = "api_error", message = "scripted error", headers } = error;
  sendJson(response, status, { type: "error", error: { type, message } }, headers);
}
