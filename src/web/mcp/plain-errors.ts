// The errors of MCP over HTTP in words for a person. The MCP SDK writes its own for whoever knows the protocol, and seldom names the wrong value.
// The code and the data of each error, by which clients decide, stay as the SDK gives them. Measured with @modelcontextprotocol/server 2.4.0.
import { SUPPORTED_PROTOCOL_VERSIONS } from "@modelcontextprotocol/server";
import { redact } from "../../domain/text/redact.ts";
import { beginningOf, firstLineOf } from "../../domain/text/summary.ts";

export interface McpAsked {
  readonly headers: Headers;
  readonly body: string;
}

interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** The protocol versions that are served, newest first. The SDK's list has only those of the older era. */
const versions = ["2026-07-28", ...SUPPORTED_PROTOCOL_VERSIONS].join(", ");
const example = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
const shownLength = 80;

/** A refusal of the SDK with a message for a person; any other response as it is. */
export async function inPlainWords(response: Response, asked: McpAsked): Promise<Response> {
  const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
  if (response.status < 400 || !isJson) return response;
  const { status, headers } = response;
  const text = await response.text();
  const body = JSON.parse(text) as { readonly error?: RpcError };
  if (body.error === undefined) return new Response(text, { status, headers });
  const message = plainMessage(status, body.error, asked);
  return Response.json({ ...body, error: { ...body.error, message } }, { status, headers: kept(headers) });
}

/** Without the length of the old text. */
function kept(headers: Headers): Headers {
  const rest = new Headers(headers);
  rest.delete("content-length");
  return rest;
}

/** What is wrong, with the value, and what to do about it; the SDK's own words if it is none of the known errors. */
function plainMessage(status: number, error: RpcError, { headers, body }: McpAsked): string {
  // Secrets are removed before it is cut, because a cut secret is not recognised.
  const shown = () => beginningOf(firstLineOf(redact(body)), shownLength);
  if (status === 415)
    return `the content type ${quoted(headers.get("content-type"))} is no JSON; send the header Content-Type: application/json`;
  if (status === 406)
    return `an answer may be JSON or an event stream, and the header Accept is ${quoted(headers.get("accept"))}; send Accept: application/json, text/event-stream`;
  if (status === 500) return "the request failed inside cliai; see why in the log of cliai serve";
  const version = askedVersion(error.data) ?? headers.get("mcp-protocol-version");
  switch (error.code) {
    case -32700:
      return body.trim() === ""
        ? `the body is empty; send one JSON-RPC message, such as ${example}`
        : `the body is no JSON: ${shown()}; send one JSON-RPC message, such as ${example}`;
    case -32600:
      return error.message.includes("Only one initialization")
        ? "the body has initialize among other messages; send initialize by itself"
        : `the body is no JSON-RPC message: ${shown()}; send one such as ${example}`;
    case -32601:
      return `MCP has no method ${quoted(headers.get("mcp-method"))} here; a client begins with initialize or server/discover, which say what there is`;
    case -32022:
      return unknownVersion(version);
    case -32020:
      return `${mismatchOf(error)}; send the same in the headers and in the body`;
    case -32602:
      return `${missingOf(error)}; see what each request carries in MCP ${quoted(version)}, or let an MCP client send it`;
    case -32000:
      return error.message.includes("Unsupported protocol version") ? unknownVersion(version) : error.message;
    default:
      return error.message;
  }
}

function unknownVersion(version: string | null): string {
  return `the protocol version ${quoted(version)} is not known here; take one of ${versions}`;
}

function quoted(value: string | null): string {
  return value === null || value === "" ? "missing" : `"${beginningOf(value, shownLength)}"`;
}

function askedVersion(data: unknown): string | undefined {
  const requested = fieldOf(data, "requested");
  return typeof requested === "string" ? requested : undefined;
}

/** Such as: the body names method tools/list but the Mcp-Method header names tools/call. */
function mismatchOf({ message, data }: RpcError): string {
  const words = fieldOf(fieldOf(data, "mismatch"), "body");
  return typeof words === "string" ? words : message;
}

function missingOf({ message, data }: RpcError): string {
  const envelope = fieldOf(data, "envelope");
  const missing = fieldOf(envelope, "missing");
  if (Array.isArray(missing)) return `the params lack ${missing.join(", ")}`;
  const key = fieldOf(envelope, "key");
  return typeof key === "string" ? `_meta has a wrong or no ${key}` : firstLineOf(message);
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
