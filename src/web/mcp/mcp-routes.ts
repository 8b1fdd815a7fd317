// This room is MCP over HTTP: the agents' tools at /mcp, the operator's server at /mcp/operator.
//
// Passes requests to the MCP SDK, for both protocol eras. Each request is served for itself: there are no sessions. Only clients of MCP 2026-07-28
// can subscribe, because their subscription is one request with a long answer. Who gets in is decided before (src/web/access).
import { type AuthInfo, createMcpHandler, type McpHttpHandler } from "@modelcontextprotocol/server";
import { type Context, Hono } from "hono";
import {
  agentMcpPath,
  operatorMcpPath,
  type TokenScope,
  tokenScopes,
} from "../../domain/access/token-scopes.ts";
import { parseJson } from "../../domain/wire/decode.ts";
import type { Logger } from "../../log.ts";
import type { SearchDesk } from "../../search/search.ts";
import type { Server } from "../../server/server.ts";
import type { AccessOptions, ConnectionInfo } from "../access/access.ts";
import { callerOf, goodnessOf, signedBy, whenVoid } from "../access/caller.ts";
import { type AgentDesk, type BegunRequest, requireAgent } from "./agent-desk.ts";
import { createChangeBus } from "./operator-resources.ts";
import { createOperatorServer } from "./operator-server.ts";
import { inPlainWords } from "./plain-errors.ts";

/** The method that both MCP paths take. GET and DELETE are for sessions, which this server does not keep. */
export const mcpMethod = "POST";

export function isMcpPath(path: string): boolean {
  return path === agentMcpPath || path === operatorMcpPath;
}

export interface McpOptions {
  readonly server: Server;
  readonly search: SearchDesk;
  readonly agentDesk?: AgentDesk | undefined;
  readonly access: Pick<AccessOptions, "onRotated"> | undefined;
  /** The largest request body, in bytes. */
  readonly maxBodyBytes: number;
  readonly now: () => Date;
  readonly log: Logger;
}

export function createMcp(options: McpOptions): Hono {
  const { server, access, agentDesk, maxBodyBytes: maxRequestBodySize, log } = options;
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
  const agents = createMcpHandler(({ authInfo }) => begunOf(authInfo).server(), {
    ...how,
    // A call may wait for a person, and the socket of an answer that has not begun is closed after 30 s.
    responseMode: "sse",
  });
  const mcp = new Hono();
  mcp.post(operatorMcpPath, (c) => answer(c, operators, access, authOf(c)));
  mcp.post(agentMcpPath, async (c) => {
    const { id, desk } = requireAgent(callerOf(c), agentDesk);
    const { remoteAddress: from = "unknown" } = (c.env ?? {}) as ConnectionInfo;
    const begun = desk.begin({ id, body: await bodyOf(c), from, isGood: goodnessOf(c) });
    return await answer(c, agents, access, { ...authOf(c), extra: { begun } }, () => begun.end());
  });
  return mcp;
}

/** @param onEnd called once, when the answer is over */
async function answer(
  c: Context,
  handler: McpHttpHandler,
  access: McpOptions["access"],
  authInfo: AuthInfo,
  onEnd: () => void = () => undefined,
): Promise<Response> {
  const ending = new AbortController();
  const forget = whenVoid(c, access)?.(() => ending.abort());
  let isOver = false;
  const end = () => {
    if (isOver) return;
    isOver = true;
    forget?.();
    onEnd();
  };
  try {
    const signal = AbortSignal.any([c.req.raw.signal, ending.signal]);
    const { url, method, headers } = c.req.raw;
    const body = await c.req.text();
    // Not `new Request(request, …)`; see `boundBody` in src/runtime.ts.
    const response = await handler.fetch(new Request(url, { method, headers, signal, body }), { authInfo });
    return endingWith(await inPlainWords(response, { headers, body }), end);
  } catch (error) {
    end();
    throw error;
  }
}

function begunOf(authInfo: AuthInfo | undefined): BegunRequest {
  return authInfo?.extra?.begun as BegunRequest;
}

/** The JSON of the body; undefined if it is none, which the SDK answers. */
async function bodyOf(c: Context): Promise<unknown> {
  const text = await c.req.text();
  try {
    return parseJson(text);
  } catch {
    return undefined; // the SDK answers it with the error of JSON-RPC
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
