// Hands MCP messages on between a client on stdio and a server over HTTP, for both protocol eras. Each request gets exactly one answer, also if the
// server cannot be reached or is lost meanwhile.
import {
  isInitializeRequest,
  isJSONRPCErrorResponse,
  isJSONRPCNotification,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
  type JSONRPCRequest,
  SdkHttpError,
  type StreamableHTTPClientTransport,
  type Transport,
} from "@modelcontextprotocol/client";
import * as v from "valibot";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import type { Logger } from "../../log.ts";

/** The code of JSON-RPC for errors of the server's own. */
const serverError = -32_000;

const lost = "the connection to the server was lost; ask again";

export interface StdioProxy {
  close(): Promise<void>;
}

export async function startStdioProxy(
  stdio: Transport,
  http: StreamableHTTPClientTransport,
  log: Logger,
): Promise<StdioProxy> {
  const calls = new Map<JSONRPCRequest["id"], AbortController>();
  let handshake: JSONRPCRequest["id"] | undefined;

  const tell = (message: JSONRPCMessage) => {
    stdio.send(message).catch((error: unknown) => log.debug(`MCP: ${messageOf(error)}`)); // the client is gone
  };
  const fail = (id: JSONRPCRequest["id"], message: string) => {
    if (!calls.delete(id)) return;
    tell({ jsonrpc: "2.0", id, error: { code: serverError, message } });
  };
  const request = async (message: JSONRPCRequest) => {
    const { id } = message;
    const ending = new AbortController();
    calls.set(id, ending);
    if (isInitializeRequest(message)) handshake = id;
    try {
      await http.send(message, { requestSignal: ending.signal, onRequestStreamEnd: () => fail(id, lost) });
    } catch (error) {
      fail(id, reasonOf(error));
    }
  };
  /** In both eras, a request is cancelled by ending its own HTTP request. The client gets no answer to it. */
  const cancel = (id: unknown) => {
    const call = calls.get(id as JSONRPCRequest["id"]);
    calls.delete(id as JSONRPCRequest["id"]);
    call?.abort();
  };

  stdio.onmessage = (message) => {
    if (isJSONRPCRequest(message)) return void request(message);
    if (isJSONRPCNotification(message) && message.method === "notifications/cancelled")
      return cancel(message.params?.requestId);
    http.send(message).catch((error: unknown) => log.debug(`MCP: ${reasonOf(error)}`));
  };
  http.onmessage = (message) => {
    if (isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message)) {
      if (message.id === undefined || !calls.delete(message.id)) return;
      if (message.id === handshake && isJSONRPCResultResponse(message)) {
        const { protocolVersion } = message.result;
        if (typeof protocolVersion === "string") http.setProtocolVersion(protocolVersion);
      }
    }
    tell(message);
  };
  http.onerror = (error) => log.debug(`MCP: ${error.message}`);

  await http.start();
  await stdio.start();
  return {
    async close() {
      for (const call of calls.values()) call.abort();
      calls.clear();
      await http.close();
      await stdio.close();
    },
  };
}

const ErrorBodySchema = v.object({
  error: v.object({ message: v.string(), hint: v.optional(v.string()) }),
});

/** Why a request failed, with what to do: of the server's answer if there is one. */
function reasonOf(error: unknown): string {
  if (error instanceof CliaiError) return textOf(error);
  if (!(error instanceof SdkHttpError)) return messageOf(error);
  try {
    return textOf(v.parse(ErrorBodySchema, JSON.parse(String(error.data.text))).error);
  } catch {
    return error.message; // another program answers there
  }
}

function textOf({ message, hint }: { readonly message: string; readonly hint?: string | undefined }): string {
  return hint === undefined ? message : `${message}; ${hint}`;
}
