// The HTTP protocol on loopback between a bridge and its host: paths, bodies, headers.
import * as v from "valibot";

/** What the bridge tells the host: about its client, and what the model reported. */
export const BridgeNewsSchema = v.object({
  cli: v.optional(v.string()),
  cli_version: v.optional(v.string()),
  status: v.optional(v.string()),
  current_task: v.optional(v.string()),
  messaging: v.optional(v.object({ path: v.string(), token: v.optional(v.string()) })),
});

export type BridgeNews = v.InferOutput<typeof BridgeNewsSchema>;

export interface MessagingSocket {
  readonly path: string;
  /** The token that the CLI gives its MCP servers for the socket. */
  readonly token?: string | undefined;
}

/** The answer to `alive` names the host's run in this header, because another program may use the port after the host has ended. */
export const instanceHeader = "cliai-instance";
