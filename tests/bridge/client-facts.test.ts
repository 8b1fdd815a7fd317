import { expect, test } from "bun:test";
import { CLIENT_INFO_META_KEY, type JSONRPCMessage } from "@modelcontextprotocol/server";
import { readClientNews } from "../../src/bridge/client-facts.ts";

const client = { name: "claude-code", version: "2.1.330" };
const named = { cli: "claude-code", cli_version: "2.1.330" };
const asked = (method: string, params?: object) => ({ id: 1, method, ...(params && { params }) });

test.each<[string, object, object]>([
  [
    "the handshake names the client",
    asked("initialize", { clientInfo: client }),
    { isInSession: false, ...named },
  ],
  ["its end begins the session", { method: "notifications/initialized" }, { isInSession: true }],
  ["another notification does not", { method: "notifications/cancelled" }, { isInSession: false }],
  ["a ping comes before it, too", asked("ping"), { isInSession: false }],
  ["discovery comes before it", asked("server/discover"), { isInSession: false }],
  ["a call is in it", asked("tools/call", { name: "check_inbox" }), { isInSession: true }],
  [
    "a request of the protocol without a handshake names the client",
    asked("tools/list", { _meta: { [CLIENT_INFO_META_KEY]: client } }),
    { isInSession: true, ...named },
  ],
  [
    "a call's own argument of that name is no client",
    asked("tools/call", { clientInfo: client }),
    { isInSession: true },
  ],
  [
    "a client without a version has no name either",
    asked("initialize", { clientInfo: { name: "x" } }),
    { isInSession: false },
  ],
  [
    "a name that fills the fleet's page is none",
    asked("initialize", { clientInfo: { ...client, name: "x".repeat(201) } }),
    { isInSession: false },
  ],
  ["an answer says nothing", { id: 1, result: {} }, { isInSession: false }],
])("readClientNews(): %s", (_what, message, expected) => {
  expect(readClientNews({ jsonrpc: "2.0", ...message } as JSONRPCMessage)).toEqual(expected as never);
});
