// This room is MCP over HTTP: the operator's server at /mcp/operator.
//
// Passes requests to the MCP SDK, for both protocol eras. Each request is served for itself: there are no sessions. Only clients of MCP 2026-07-28
// can subscribe, because their subscription is one request with a long answer. Who gets in is decided before (src/web/access).
import { type AuthInfo, createMcpHandler, type McpHttpHandler } from "@modelcontextprotocol/server";
import { type Context, Hono } from "hono";
import { type TokenScope, tokenScopes } from "../../domain/access/token-scopes.ts";
import type { Logger } from "../../log.ts";
import type { SearchDesk } from "../../search/search.ts";
import type { Server } from "../../server/server.ts";
import type { AccessOptions } from "../access/access.ts";
import { callerOf, signedBy, whenVoid } from "../access/caller.ts";
import { createChangeBus } from "./operator-resources.ts";
import { createOperatorServer } from "./operator-server.ts";

export interface McpOptions {
  readonly server: Server;
  readonly search: SearchDesk;
  readonly access: Pick<AccessOptions, "onRotated"> | undefined;
  /** The largest request body, in bytes. */
  readonly maxBodyBytes: number;
  readonly now: () => Date;
  readonly log: Logger;
}

/** Those of streamable HTTP. GET and DELETE are for sessions, and the SDK answers them with 405. */
const methods = ["GET", "POST", "DELETE"];

export function createMcp(options: McpOptions): Hono {
  const { server, access, maxBodyBytes: maxRequestBodySize, log } = options;
  const how = { maxRequestBodySize, onerror: (error: Error) => log.debug(`MCP: ${error.message}`) };
  const operators = createMcpHandler(
    ({ era, authInfo }) =>
      createOperatorServer({
        ...options,
        by: authInfo?.clientId ?? operator,
        scopes: (authInfo?.scopes ?? []) as readonly TokenScope[],
        canSubscribe: era === "modern",
      }),
    { ...how, bus: createChangeBus(server) },
  );
  const mcp = new Hono();
  mcp.on(methods, "/mcp/operator", (c) => answer(c, operators, access, authOf(c)));
  return mcp;
}

async function answer(
  c: Context,
  handler: McpHttpHandler,
  access: McpOptions["access"],
  authInfo: AuthInfo,
): Promise<Response> {
  const ending = new AbortController();
  const forget = whenVoid(c, access)?.(() => ending.abort());
  const end = () => forget?.();
  try {
    const signal = AbortSignal.any([c.req.raw.signal, ending.signal]);
    return endingWith(await handler.fetch(await requestWith(c, signal), { authInfo }), end);
  } catch (error) {
    end();
    throw error;
  }
}

/** Whose orders and answers these are, if they are the operator's own. */
const operator = "mcp";

/** Answers need a token with a name: so nothing answers unless a person has asked for that, and the audit says who it was. */
const operatorsScopes = tokenScopes.filter((scope) => scope !== "answer");

/** What the SDK hands on to the server: the caller's name and scopes, and not its token. */
function authOf(c: Context): AuthInfo {
  const scopes = callerOf(c)?.scopes ?? operatorsScopes;
  return { token: "", clientId: signedBy(c, operator), scopes: [...scopes] };
}

/** The same request with another signal. Not `new Request(request, …)`; see `boundBody` in src/runtime.ts. */
async function requestWith(c: Context, signal: AbortSignal): Promise<Request> {
  const { url, method, headers } = c.req.raw;
  const body = method === "POST" ? await c.req.text() : undefined;
  return new Request(url, { method, headers, signal, ...(body === undefined ? {} : { body }) });
}

/** Calls `onEnd` when the answer was read to its end, has failed, or nobody reads it any more. */
function endingWith(response: Response, onEnd: () => void): Response {
  if (response.body === null) {
    onEnd();
    return response;
  }
  const { status, headers } = response;
  const reader = response.body.getReader();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        onEnd();
        controller.close();
      } catch (error) {
        onEnd();
        throw error;
      }
    },
    async cancel(reason) {
      onEnd();
      await reader.cancel(reason);
    },
  });
  return new Response(body, { status, headers });
}
