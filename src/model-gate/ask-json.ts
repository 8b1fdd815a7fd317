// Asks the model server something else than its agent does, with the headers of the agent's request, because the server may want its key.
import { directFetch } from "../direct-fetch.ts";
import { parseJsonLine } from "../domain/wire/decode.ts";

/**
 * Resolves with the JSON of the answer, whatever its status; undefined if it is none.
 * @param sent the body of a POST; without it, it is a GET
 * @throws what the socket throws, the signal's reason, or Error if the server loads its model
 */
export async function askJson(
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
  sent?: string,
): Promise<unknown> {
  const request = { headers, signal, ...(sent !== undefined && { method: "POST", body: sent }) };
  const response = await directFetch(url, request);
  // While llama.cpp loads its model, it answers every request with 503. That is no fact: it tells its slots once it has loaded.
  if (response.status === 503) throw new Error("it loads its model");
  return parseJsonLine(await response.text());
}
