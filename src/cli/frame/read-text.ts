// Reads text from stdin, up to the size that can be sent.
import type { Readable } from "node:stream";
import { CliaiError } from "../../domain/text/errors.ts";
import { maxPayloadBytes } from "../../nats/payload.ts";

/** @throws CliaiError `payload_too_large` as soon as the limit is passed; `usage` if the text is not UTF-8 */
export async function readText(stdin: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stdin as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxPayloadBytes) {
      throw new CliaiError("payload_too_large", "the text on stdin is over the limit of 8 MB", {
        hint: "write it to a file that the agent can read, and send its path",
      });
    }
    chunks.push(chunk);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch (cause) {
    throw new CliaiError("usage", "the text on stdin is not UTF-8", { hint: "convert it to UTF-8", cause });
  }
}
