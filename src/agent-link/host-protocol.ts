// What a bridge and its session's host say to each other over HTTP on loopback: paths and bodies.
import * as v from "valibot";

/** What the agent's MCP server tells the host of itself and of the model's own reports. */
export const BridgeNewsSchema = v.object({
  cli: v.optional(v.string()),
  cli_version: v.optional(v.string()),
  status: v.optional(v.string()),
  current_task: v.optional(v.string()),
  messaging: v.optional(v.object({ path: v.string(), token: v.optional(v.string()) })),
});

export type BridgeNews = v.InferOutput<typeof BridgeNewsSchema>;

export const listenerPaths = {
  hook: "/hook",
  bridge: "/bridge",
  alive: "/alive",
  telemetry: "/v1/logs",
} as const;

export interface MessagingSocket {
  readonly path: string;
  /** As the CLI hands it to its MCP servers. */
  readonly token?: string | undefined;
}

/** A header on the answer of `alive`, because another program may use a port that the host has left. */
export const instanceHeader = "cliai-instance";
