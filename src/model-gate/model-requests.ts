// Knows the requests that make a model server work: only these wait in the queue. Everything else, such as the list of models, passes at once.
import { parseJsonLine } from "../domain/wire/decode.ts";

/** The ends of their paths, in the APIs of OpenAI, Anthropic, Ollama and llama.cpp. */
const ends = [
  ...["/chat/completions", "/completions", "/completion", "/responses", "/messages"],
  ...["/api/chat", "/api/generate", "/infill"],
];
/** llama.cpp takes the number of a slot only in its own fields of these requests. */
const takesSlot = ["/chat/completions", "/completions", "/completion"];

export function isModelRequest(method: string, path: string): boolean {
  return method === "POST" && ends.some((end) => path.endsWith(end));
}

/** The name of the model in a request's body; "" if it names none. */
export function modelOf(body: string): string {
  const { model } = (parseJsonLine(body) ?? {}) as { readonly model?: unknown };
  return typeof model === "string" ? model.slice(0, 1_000) : "";
}

/** The body with llama.cpp's number of a slot; unchanged if the request takes none, or names one itself. */
export function withSlot(path: string, body: string, slot: number): string {
  const value = takesSlot.some((end) => path.endsWith(end)) ? parseJsonLine(body) : undefined;
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return !isObject || "id_slot" in value ? body : JSON.stringify({ ...value, id_slot: slot });
}
