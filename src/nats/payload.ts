// Encodes what is sent over NATS: JSON in UTF-8, up to a size.
import { CliaiError } from "../domain/text/errors.ts";

/** The largest payload, for nats-server and all senders. */
export const maxPayloadBytes = 8 * 1024 * 1024;
const utf8 = new TextEncoder();

export function encode(subject: string, body: unknown): Uint8Array {
  const data = utf8.encode(JSON.stringify(body));
  if (data.length <= maxPayloadBytes) return data;
  throw new CliaiError(
    "payload_too_large",
    `${data.length.toLocaleString("en")} bytes for ${subject} are over the limit of 8 MB`,
    { hint: "write the text to a file that the agent can read, and send its path" },
  );
}
