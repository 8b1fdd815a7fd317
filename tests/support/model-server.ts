// A scripted Anthropic Messages API on loopback, for driving the real Claude Code with no network.
// It decides which turn answers a request and keeps every request; model-answer.ts gives a turn its wire form.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text as readText } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import * as v from "valibot";
import { apiId, buildMessage, messageEvents, type Turn } from "./model-answer.ts";
import { hasMatch, type TextMatch } from "./text-match.ts";
import { waitFor } from "./wait-for.ts";

const messagesBody = v.looseObject({
  model: v.string(),
  stream: v.optional(v.boolean(), false),
  messages: v.array(v.looseObject({ role: v.string(), content: v.unknown() })),
  tools: v.optional(v.array(v.looseObject({ name: v.optional(v.string(), "") })), []),
});

/** A turn, or what makes it from the request, such as from a tool's result in `newText`. */
export type ScriptedTurn = Turn | ((request: ModelRequest) => Turn);

export interface Rule {
  /** Tried on `newText` of a request. */
  readonly match: TextMatch;
  readonly turn: ScriptedTurn;
  /** Answer only the first match. Default: every one. */
  readonly once?: boolean;
}

export interface ModelScript {
  /** Tried first, in order. */
  readonly rules?: readonly Rule[];
  /** Taken one after the other by requests that no rule answers. */
  readonly turns?: readonly ScriptedTurn[];
  /** When the turns have run out. Default: the text "OK." */
  readonly fallback?: ScriptedTurn;
}

export interface ModelRequest {
  readonly body: v.InferOutput<typeof messagesBody>;
  /** All text after the last assistant message: prompts, injected text and tools' results. */
  readonly newText: string;
  /** Asks for a title, a summary or the like: carries no tools, follows no script, is answered "side". */
  readonly isSide: boolean;
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
  /** The first request, past or coming, that fits; `what` names it in the failure. Default deadline 10000 ms. */
  waitForRequest(
    fits: (request: ModelRequest) => boolean,
    options: { readonly what: string; readonly deadlineMs?: number },
  ): Promise<ModelRequest>;
}

/** Starts the server on a free port of 127.0.0.1. */
export async function startModelServer(script: ModelScript = {}): Promise<ModelServer> {
  const requests: ModelRequest[] = [];
  const calls: string[] = [];
  let nextTurn = createScriptReader(script);

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

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else sendError(response, { status: 400, type: "invalid_request_error", message: String(error) });
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    calls,
    setScript(next) {
      nextTurn = createScriptReader(next);
    },
    waitForRequest: (fits, { what, deadlineMs = 10_000 }) =>
      waitFor(() => requests.find(fits), { what, deadlineMs, saw: () => summary(requests) }),
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function createScriptReader({ rules = [], turns = [], fallback = { text: "OK." } }: ModelScript) {
  const spent = new Set<Rule>();
  const left = [...turns];
  return (request: ModelRequest): Turn => {
    if (request.isSide) return { text: "side" };
    const rule = rules.find(
      (candidate) => !spent.has(candidate) && hasMatch(request.newText, candidate.match),
    );
    if (rule?.once) spent.add(rule);
    const turn = rule?.turn ?? left.shift() ?? fallback;
    return typeof turn === "function" ? turn(request) : turn;
  };
}

function readRequest(json: string): ModelRequest {
  const body = v.parse(messagesBody, JSON.parse(json));
  const lastAnswer = body.messages.findLastIndex(({ role }) => role === "assistant");
  const news = body.messages.slice(lastAnswer + 1);
  return { body, newText: news.flatMap(textsOf).join("\n"), isSide: body.tools.length === 0 };
}

/** The texts in a message, a content block or a tool's result, however deep. */
function textsOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(textsOf);
  if (typeof value !== "object" || value === null) return [];
  return [
    ...("text" in value ? textsOf(value.text) : []),
    ...("content" in value ? textsOf(value.content) : []),
  ];
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

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json", "request-id": apiId("req") });
  response.end(JSON.stringify(body));
}

function sendError(response: ServerResponse, error: NonNullable<Turn["error"]>): void {
  const { status, type = "api_error", message = "scripted error" } = error;
  sendJson(response, status, { type: "error", error: { type, message } });
}

function summary(requests: readonly ModelRequest[]): string {
  const lines = requests.map(({ isSide, newText }) => `${isSide ? "side" : "main"}: …${newText.slice(-300)}`);
  return `${requests.length} requests\n${lines.join("\n")}`;
}
