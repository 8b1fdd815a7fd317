// What serve and a node ask each other about agents there, in the account of that node: the node asks for credentials, serve for a launch.
import * as v from "valibot";
import { LimitSchema } from "../../domain/budgets/budget.ts";
import { LaunchFlagsSchema } from "../../domain/launch-flags.ts";
import { AgentIdSchema } from "../../domain/wire/agent-id.ts";
import { nodeSubject } from "../../domain/wire/subjects.ts";
import type { OperatorDesk } from "../../server/operator-desk.ts";

const key = { agent_id: AgentIdSchema, user_key: v.pipe(v.string(), v.regex(/^U[A-Z2-7]{55}$/)) };

/** `make` signs the public key of an agent, `renew` signs it again, `end` revokes it. */
const CredentialsRequestSchema = v.object({
  act: v.picklist(["make", "renew", "end"]),
  ...key,
  /** With `make`: the agent's budgets, by its launch there. */
  limits: v.optional(v.array(LimitSchema)),
});
export type CredentialsRequest = v.InferOutput<typeof CredentialsRequestSchema>;
const SignedSchema = v.object({
  /** Absent after `end`. */
  jwt: v.optional(v.string()),
  expires_at: v.optional(v.string()),
});
export type Signed = v.InferOutput<typeof SignedSchema>;

export function agentCredentialsDesk(node: string): OperatorDesk<CredentialsRequest, Signed> {
  return {
    subject: nodeSubject(node, "credentials"),
    ...{ request: CredentialsRequestSchema, result: SignedSchema, answerWithinMs: 10_000 },
  };
}

const NodeLaunchSchema = v.object({
  agent_id: AgentIdSchema,
  profile: v.string(),
  /** A full path on the node's machine. */
  project: v.optional(v.string()),
  flags: LaunchFlagsSchema,
  /** When the order ends: a node that gets it later launches nothing. An RFC 3339 time. Absent if an older server asks. */
  expires_at: v.optional(v.pipe(v.string(), v.isoTimestamp())),
});
export type NodeLaunch = v.InferOutput<typeof NodeLaunchSchema>;

/** The node answers when the launch has failed, or after a few minutes. That it has not failed, the fleet shows: the agent is there. */
export function nodeLaunchDesk(node: string): OperatorDesk<NodeLaunch, Readonly<Record<never, never>>> {
  return {
    subject: nodeSubject(node, "spawn"),
    ...{ request: NodeLaunchSchema, result: v.object({}), answerWithinMs: 20_000, workWithinMs: 7 * 60_000 },
  };
}
