// A scripted OpenAI Responses API on loopback, for driving the real Codex with no network. It decides which turn answers a request and
// keeps every request; openai-responses-answer.ts gives a turn its wire form.
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
import { type ResponsesTurn, responseEvents } from "./openai-responses-answer.ts";
import { patienceMs, waitFor } from "./wait-for.ts";

const responsesBody = v.looseObject({
  model: v.string(),
  input: v.array(v.looseObject({ type: v.optional(v.string(), "message"), role: v.optional(v.string()) })),
  tools: v.optional(v.array(v.looseObject({ type: v.string() })), []),
});

export interface ResponsesRequest extends ScriptedRequest {
  readonly body: v.InferOutput<typeof responsesBody>;
}

export type ResponsesScript = ScriptOf<ResponsesRequest, ResponsesTurn>;
export type ResponsesRule = RuleOf<ResponsesRequest, ResponsesTurn>;

export interface ResponsesServer extends AsyncDisposable {
  /** The API's base, which ends in `/v1`. */
  readonly url: string;
  /** Every POST /v1/responses so far, oldest first. */
  readonly requests: readonly ResponsesRequest[];
  /** Every HTTP request so far, as "POST /v1/responses": shows what else a client reached for. */
  readonly calls: readonly string[];
  /** Starts another script from its beginning; answers that are under way go on. */
  setScript(script: ResponsesScript): void;
  /** The first request, past or coming, that fits; `what` names it in the failure. Default deadline `patienceMs`. */
  waitForRequest(
    fits: (request: ResponsesRequest) => boolean,
    options: { readonly what: string; readonly deadlineMs?: number },
  ): Promise<ResponsesRequest>;
}

/** Starts the server on a free port of 127.0.0.1. */
export async function startOpenaiResponsesServer(script: ResponsesScript = {}): Promise<ResponsesServer> {
  const requests: ResponsesRequest[] = [];
  const calls: string[] = [];
  const readerOf = (next: ResponsesScript) => createScriptReader(next, (text): ResponsesTurn => ({ text }));
  let nextTurn = readerOf(script);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? "/", "http://127.0.0.1").pathname;
    const call = `${request.method} ${path}`;
    calls.push(call);
    const body = await readText(request);
    if (call === "POST /v1/responses") {
      const read = readRequest(body);
      requests.push(read);
      return answerTurn(response, read, nextTurn(read));
    }
    if (call === "GET /v1/models") return sendJson(response, 200, { object: "list", data: [] });
    sendError(response, { status: 404, message: `no ${path}` });
  }

  const server = await startLoopbackServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else sendError(response, { status: 400, message: String(error) });
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

/** The items that the model itself wrote; what follows the last of them is new. */
const modelsOwn: ReadonlySet<string> = new Set(["function_call", "custom_tool_call", "reasoning"]);

function readRequest(json: string): ResponsesRequest {
  const body = v.parse(responsesBody, JSON.parse(json));
  const { input, tools } = body;
  const last = input.findLastIndex(({ role, type }) => role === "assistant" || modelsOwn.has(type));
  const newText = input
    .slice(last + 1)
    .flatMap((item) => [...textsOf(item), ...textsOf(item.output)])
    .join("\n");
  // A model with "code mode" gets its tools as an item of the input.
  const hasTools = tools.length > 0 || input.some(({ type }) => type === "additional_tools");
  return { body, newText, isSide: !hasTools };
}

async function answerTurn(
  response: ServerResponse,
  { body }: ResponsesRequest,
  turn: ResponsesTurn,
): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  try {
    if (turn.delayMs) await delay(turn.delayMs, undefined, { signal: gone.signal });
    if (turn.error) return sendError(response, turn.error);
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const event of responseEvents(turn, body.model)) {
      response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
      if (turn.chunkDelayMs && event.type === "response.output_text.delta") {
        await delay(turn.chunkDelayMs, undefined, { signal: gone.signal });
      }
    }
    response.end();
  } catch (error) {
    if (!gone.signal.aborted) throw error; // else the client hung up, as one does that interrupts its model
  }
}

function sendJson(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

function sendError(response: ServerResponse, error: NonNullable<ResponsesTurn["error"]>): void {
  const { status, code = null, message = "scripted error", type = "invalid_request_error" } = error;
  const { headers, fields } = error;
  sendJson(response, status, { error: { message, type, param: null, code, ...fields } }, headers);
}
