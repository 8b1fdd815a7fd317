// What is shown of a node.
import * as v from "valibot";

/** `away`: its connection has ended, or it has missed three heartbeats. Its agents may run on, and are judged by themselves. */
const nodeStates = ["here", "away"] as const;

export const NodeViewSchema = v.object({
  name: v.string(),
  /** The name of its machine. */
  host: v.string(),
  state: v.picklist(nodeStates),
  may_launch: v.boolean(),
  joined_at: v.string(),
  /** Absent if it was not heard since the server has started. */
  last_heard: v.optional(v.string()),
  /** Of its cliai. */
  version: v.optional(v.string()),
  platform: v.optional(v.string()),
  /** How many agents run there. */
  agents: v.optional(v.number()),
  pid: v.optional(v.number()),
});
/** Times are RFC 3339. */
export type NodeView = v.InferOutput<typeof NodeViewSchema>;

const missedHeartbeats = 3;
/** A node is heard at least so often. One that says that it is heard more seldom is judged by this. */
export const longestHeartbeatS = 60;

/** Whether a node that was heard so long ago counts as here. */
export function isHere(silentMs: number, intervalS: number): boolean {
  return silentMs < missedHeartbeats * Math.min(intervalS, longestHeartbeatS) * 1_000;
}
