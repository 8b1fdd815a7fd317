// A scripted Gemini API on loopback, for driving the real Gemini CLI with no network. It decides which turn answers a request and keeps
// every request; the wire form is that of the API's `streamGenerateContent` and `generateContent`.
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { text as readText } from "node:stream/consumers";
import * as v from "valibot";
import { pause } from "../../src/waiting.ts";
import { startLoopbackServer } from "./loopback-server.ts";
import { createScriptReader, piecesOf, type ScriptedRequest, type ScriptOf } from "./model-script.ts";

const contentsBody = v.looseObject({
  contents: v.array(
    v.looseObject({ role: v.optional(v.string()), parts: v.optional(v.array(v.unknown()), []) }),
  ),
  tools: v.optional(
    v.array(v.looseObject({ functionDeclarations: v.optional(v.array(v.unknown()), []) })),
    [],
  ),
});

export interface GeminiRequest extends ScriptedRequest {
  readonly body: v.InferOutput<typeof contentsBody>;
}

/** What the model does in one answer. */
export interface GeminiTurn {
  readonly text?: string;
  readonly toolUses?: readonly {
    readonly name: string;
    readonly input?: Readonly<Record<string, unknown>>;
  }[];
  /** Before the first byte. */
  readonly delayMs?: number;
  /** An HTTP error instead of an answer; `type` is the API's word for it, such as `UNAVAILABLE`. */
  readonly error?: { readonly status: number; readonly type?: string; readonly message?: string };
}

export type GeminiScript = ScriptOf<GeminiRequest, GeminiTurn>;

export interface GeminiServer extends AsyncDisposable {
  /** For GOOGLE_GEMINI_BASE_URL. */
  readonly url: string;
  /** Every request for content so far, oldest first. */
  readonly requests: readonly GeminiRequest[];
}

/** Starts the server on a free port of 127.0.0.1. It knows every model by the name that it is asked for. */
export async function startGeminiApiServer(script: GeminiScript = {}): Promise<GeminiServer> {
  const requests: GeminiRequest[] = [];
  const nextTurn = createScriptReader(script, (text): GeminiTurn => ({ text }));
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const path = new URL(request.url ?? "/", "http://127.0.0.1").pathname;
    const body = await readText(request);
    const [, method] = /\/models\/[^:/]+:(\w+)$/.exec(path) ?? [];
    if (method === "countTokens") return sendJson(response, 200, { totalTokens: Math.ceil(body.length / 4) });
    if (method === undefined || !/generateContent$/i.test(method)) {
      return sendError(response, { status: 404, message: `no ${path}` });
    }
    const read = readRequest(body);
    requests.push(read);
    const turn = nextTurn(read);
    if (turn.delayMs) await untilGone(response, turn.delayMs);
    if (!response.destroyed) sendTurn(response, turn, method.startsWith("stream"));
  };
  const server = await startLoopbackServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else sendError(response, { status: 400, message: String(error) });
    });
  });
  return { url: server.url, requests, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

/** Resolves after this time, or when the client has hung up, as one does that interrupts its model. */
async function untilGone(response: ServerResponse, ms: number): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  await pause(ms, gone.signal);
}

function readRequest(json: string): GeminiRequest {
  const body = v.parse(contentsBody, JSON.parse(json));
  const lastAnswer = body.contents.findLastIndex(({ role }) => role === "model");
  const newText = JSON.stringify(body.contents.slice(lastAnswer + 1).map(({ parts }) => parts));
  return {
    body,
    newText,
    isSide: !body.tools.some(({ functionDeclarations }) => functionDeclarations.length > 0),
  };
}

function sendTurn(response: ServerResponse, { text, toolUses = [], error }: GeminiTurn, isStream: boolean) {
  if (error !== undefined) return sendError(response, error);
  const calls = toolUses.map(({ name, input = {} }) => ({
    functionCall: { id: `fc_${randomUUID().slice(0, 8)}`, name, args: input },
  }));
  const said =
    text === undefined && calls.length > 0 ? [] : piecesOf(text ?? "").map((piece) => [{ text: piece }]);
  const parts = [...said, ...(calls.length > 0 ? [calls] : [])];
  const wrap = (each: readonly object[], isLast: boolean) => ({
    candidates: [
      { index: 0, content: { role: "model", parts: each }, ...(isLast ? { finishReason: "STOP" } : {}) },
    ],
    usageMetadata: { promptTokenCount: 1_000, candidatesTokenCount: 50, totalTokenCount: 1_050 },
    modelVersion: "model-1",
  });
  if (!isStream) return sendJson(response, 200, wrap(parts.flat(), true));
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const [index, each] of parts.entries()) {
    response.write(`data: ${JSON.stringify(wrap(each, index === parts.length - 1))}\n\n`);
  }
  response.end();
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function sendError(
  response: ServerResponse,
  { status, type = "FAILED", message = "scripted error" }: NonNullable<GeminiTurn["error"]>,
) {
  sendJson(response, status, { error: { code: status, message, status: type } });
}
