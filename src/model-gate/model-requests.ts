// Knows the requests that make a model server work: only these wait in the queue. Everything else, such as the list of models, passes at once.
import { parseJsonLine } from "../domain/wire/decode.ts";

/** The ends of these requests' paths, in the APIs of OpenAI, Anthropic, Ollama and llama.cpp. */
const ends = [
  ...["/chat/completions", "/completions", "/completion", "/responses", "/messages"],
  ...["/api/chat", "/api/generate", "/infill"],
];
/** llama.cpp takes the number of a slot only in these requests. */
const takesSlot = ["/chat/completions", "/completions", "/completion", "/responses"];
/** And tells the progress of the prompt, as events that `prompt-progress.ts` knows, only in the answers to these. */
const tellsProgress = ["/chat/completions", "/responses"];

export function isModelRequest(method: string, path: string): boolean {
  return method === "POST" && ends.some((end) => path.endsWith(end));
}

/** The name of the model in a request's body; "" if it names none. */
export function modelOf(body: string): string {
  const { model } = (parseJsonLine(body) ?? {}) as { readonly model?: unknown };
  return typeof model === "string" ? model.slice(0, 1_000) : "";
}

/** The fields of llama.cpp that the gate adds to a request. */
export interface LlamaFields {
  readonly id_slot?: number;
  readonly return_progress?: true;
}

/**
 * Which fields to add to a request for llama.cpp: those that it takes on this path and that the request does not have.
 * @param slot undefined if there is no slot to choose
 */
export function llamaFieldsFor(path: string, body: string, slot: number | undefined): LlamaFields {
  const request = takesSlot.some((end) => path.endsWith(end)) ? objectOf(body) : undefined;
  if (request === undefined) return {};
  const isStream = tellsProgress.some((end) => path.endsWith(end)) && request.stream === true;
  return {
    ...(slot !== undefined && !("id_slot" in request) && { id_slot: slot }),
    ...(isStream && !("return_progress" in request) && { return_progress: true }),
  };
}

/**
 * Adds these fields to the body, and leaves all its other bytes as they are, because JavaScript cannot hold every number of a JSON text.
 * @param body the JSON of an object that has none of the fields
 */
export function withFields(body: string, fields: LlamaFields): string {
  const begin = body.indexOf("{") + 1;
  const rest = body.slice(begin);
  const added = JSON.stringify(fields).slice(1, -1);
  const comma = added === "" || rest.trimStart().startsWith("}") ? "" : ",";
  return body.slice(0, begin) + added + comma + rest;
}

function objectOf(body: string): Readonly<Record<string, unknown>> | undefined {
  const value = parseJsonLine(body);
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as Readonly<Record<string, unknown>>) : undefined;
}
