// Asks a model server for one JSON value.
import { directFetch } from "../../direct-fetch.ts";
import { askedBaseOf, gateAwayHeader, type ModelServerSettings } from "../../domain/model-server.ts";
import { parseJsonLine } from "../../domain/wire/decode.ts";
import { awayOf, NotNow } from "./model-failure.ts";

export interface JsonAnswer {
  readonly status: number;
  readonly text: string;
  /** Undefined if the body is not JSON. */
  readonly json: unknown;
}

const answerWithinMs = 15_000;

/** @throws NotNow if the model gate itself has answered, because the server does not answer the gate */
export function requireServersAnswer({ headers }: Response): void {
  const why = headers.get(gateAwayHeader);
  if (why !== null) throw new NotNow("away", why);
}

export function headersFor({ key }: Pick<ModelServerSettings, "key">): Record<string, string> {
  return { "content-type": "application/json", ...(key && { authorization: `Bearer ${key}` }) };
}

/**
 * @param body makes it a POST
 * @param withinMs how long the answer may take
 * @throws NotNow
 */
export async function askJson(
  settings: Pick<ModelServerSettings, "url" | "key" | "gate">,
  path: string,
  {
    body,
    signal,
    withinMs = answerWithinMs,
  }: { readonly body?: unknown; readonly signal: AbortSignal; readonly withinMs?: number },
): Promise<JsonAnswer> {
  const late = AbortSignal.timeout(withinMs);
  try {
    const response = await directFetch(askedBaseOf(settings) + path, {
      method: body === undefined ? "GET" : "POST",
      headers: headersFor(settings),
      signal: AbortSignal.any([signal, late]),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    requireServersAnswer(response);
    const text = await response.text();
    if (response.status === 503) throw new NotNow("busy", "it loads its model");
    return { status: response.status, text, json: parseJsonLine(text) };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof NotNow) throw error;
    throw late.aborted ? new NotNow("away", `no answer within ${withinMs / 1_000} s`) : awayOf(error);
  }
}
