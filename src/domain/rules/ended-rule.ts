// When a standing rule is over without anybody revoking it, and what is kept of one that has ended. Pure.
import * as v from "valibot";
import type { AgentRecord } from "../fleet/agent-record.ts";
import { isGoodbye } from "../fleet/axis/link.ts";
import { RuleSchema, type StandingRule } from "./standing-rule.ts";

export const EndedRuleSchema = v.object({
  ...RuleSchema.entries,
  /** RFC 3339. */
  ended_at: v.string(),
  /** Whose act it was: a person's or a token's name, or `serve`. */
  ended_by: v.string(),
  /** Why, in words. */
  reason: v.string(),
});
export type EndedRule = Readonly<v.InferOutput<typeof EndedRuleSchema>>;

/**
 * Why the rule can cover nothing any more; undefined if it still can.
 * @param record of the rule's agent; undefined if there is no such agent
 */
export function whyOver(
  { agent_id, agent_since, run, scope }: StandingRule,
  record: Pick<AgentRecord, "heartbeat" | "said" | "first_seen"> | undefined,
): string | undefined {
  if (agent_id === undefined) return undefined;
  if (record === undefined) return `${agent_id} was removed`;
  if (agent_since !== undefined && record.first_seen !== agent_since)
    return `${agent_id} was removed, and another agent has its name`;
  if (scope !== "session" || run === undefined) return undefined;
  const { heartbeat, said } = record;
  if (heartbeat !== undefined && heartbeat.instance_id !== run) return `another run of ${agent_id} has begun`;
  const hasEnded = said?.instance_id === run && isGoodbye(said.status);
  return hasEnded ? `the run of ${agent_id} has ended` : undefined;
}
