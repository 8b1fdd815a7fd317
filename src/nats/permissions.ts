// What an agent's credentials allow on NATS: one table, for agents and captains alike. What a captain may do besides, it does
// through its tools: the server asks its own record of roles, not the caller.
import type { AgentId } from "../domain/agent-id.ts";
import {
  agentOrderTopics,
  agentReportTopics,
  agentSubject,
  bridgeConsumerOf,
  captainBroadcastSubject,
  captainDecisionSubject,
  inboxPrefix,
  streams,
  toolCallSubject,
} from "../domain/subjects.ts";

export interface SubjectPermissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/**
 * Its own reports, its own tool calls, its own consumer, its own replies, and what captains say to all. A late answer to
 * another's call (`tools.{request_id}.response`) cannot be told from its own by the subject, so it may hear none.
 */
export function agentPermissions(id: AgentId): SubjectPermissions {
  const consumers = agentOrderTopics.map((topic) => `${streams.commands}.${bridgeConsumerOf(id, topic)}`);
  return {
    publish: [
      ...agentReportTopics.map((topic) => agentSubject(id, topic)),
      toolCallSubject(id),
      ...consumers.flatMap((consumer) => [
        `$JS.API.CONSUMER.INFO.${consumer}`,
        `$JS.API.CONSUMER.MSG.NEXT.${consumer}`,
        `$JS.ACK.${consumer}.>`,
      ]),
    ],
    subscribe: [`${inboxPrefix(id)}.>`, captainBroadcastSubject, captainDecisionSubject],
  };
}
