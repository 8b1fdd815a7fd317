// Reads lines from a body while it comes.

import { createLineSplitter } from "../../domain/text/lines.ts";

/** Each whole line, without its end. What follows the last line feed is left out: it was cut off. */
export async function* readLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const lines = createLineSplitter();
  for await (const chunk of body) yield* lines.push(decoder.decode(chunk, { stream: true }));
}
