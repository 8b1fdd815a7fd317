// Passes one HTTP request on to the model server as it is.
import { directFetch } from "../direct-fetch.ts";

export interface PassedRequest {
  readonly target: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
  readonly signal: AbortSignal;
}

/**
 * Headers that are not passed on. They belong to one connection, and the next one makes its own. Without `accept-encoding`, the answer comes as
 * text that the gate can read.
 */
const ofConnection = new Set([
  ...["host", "connection", "keep-alive", "transfer-encoding", "content-length", "upgrade", "te", "trailer"],
  ...["expect", "accept-encoding", "proxy-connection", "proxy-authorization"],
]);

export function passedHeaders(headers: Headers): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => !ofConnection.has(name.toLowerCase())));
}

/** @throws what the socket throws, or the signal's reason */
export async function passOn({ target, method, headers, body, signal }: PassedRequest): Promise<Response> {
  const response = await directFetch(target, {
    method,
    headers,
    signal,
    ...(body !== undefined && { body }),
  });
  return new Response(response.body, { status: response.status, headers: passedHeaders(response.headers) });
}
