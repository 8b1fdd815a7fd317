// Reads the MCP client's messages, in both protocol versions: the client's name and version, and whether its session has begun.
import {
  CLIENT_INFO_META_KEY,
  isJSONRPCNotification,
  isJSONRPCRequest,
  type JSONRPCMessage,
  parseJSONRPCMessage,
} from "@modelcontextprotocol/server";
import * as v from "valibot";

const ImplementationSchema = v.object({
  name: v.pipe(v.string(), v.maxLength(200)),
  version: v.pipe(v.string(), v.maxLength(200)),
});

/** Where the client names itself: `initialize` in its parameters, every request of MCP 2026-07-28 in `_meta`. */
const ParamsSchema = v.object({
  clientInfo: v.optional(v.unknown()),
  _meta: v.optional(v.looseObject({})),
});

export interface ClientNews {
  readonly cli?: string;
  readonly cli_version?: string;
  /** Whether the message shows that the handshake is over. */
  readonly isInSession: boolean;
}

const beforeSession: readonly string[] = ["initialize", "server/discover", "ping"];

/** The messages of an HTTP body: one, or a list of the older era. What is no message is left out. */
export function parseMcpMessages(body: unknown): JSONRPCMessage[] {
  return [body].flat().flatMap((each) => {
    try {
      return [parseJSONRPCMessage(each)];
    } catch {
      return []; // the transport answers it with an error
    }
  });
}

export function readClientNews(message: JSONRPCMessage): ClientNews {
  if (isJSONRPCNotification(message)) {
    return { isInSession: message.method === "notifications/initialized" };
  }
  if (!isJSONRPCRequest(message)) return { isInSession: false };
  const isInSession = !beforeSession.includes(message.method);
  const params = v.safeParse(ParamsSchema, message.params);
  if (!params.success) return { isInSession };
  const { clientInfo, _meta } = params.output;
  const said = message.method === "initialize" ? clientInfo : _meta?.[CLIENT_INFO_META_KEY];
  const client = v.safeParse(ImplementationSchema, said);
  if (!client.success) return { isInSession };
  return { isInSession, cli: client.output.name, cli_version: client.output.version };
}
