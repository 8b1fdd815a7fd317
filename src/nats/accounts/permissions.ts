// This room holds NATS accounts, credentials and permissions. A change here wants extra scrutiny.
//
// What an agent may do on NATS: one table, the same for agents and captains. A captain does more through its tools, where
// the server checks its role by its own record.
import type { AgentId } from "../../domain/wire/agent-id.ts";
import {
  agentOrderTopics,
  agentReportTopics,
  agentSubject,
  bridgeConsumerOf,
  captainBroadcastSubject,
  captainDecisionSubject,
  everyAgentSubject,
  everyToolCallSubject,
  inboxPrefix,
  streams,
  toolCallSubject,
} from "../../domain/wire/subjects.ts";

export interface SubjectPermissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** What the fleet's account exports to the agents' accounts; each of them imports its own agent's part only. */
export interface Service {
  readonly subject: string;
  /** Whether one request has several answers, as a pull of several messages has. */
  readonly hasManyAnswers?: boolean;
  /** How long the way back is kept for the answer; 2 minutes when left out (nats-server). */
  readonly answerWithinMs?: number;
}

/** The longest that a tool call may wait for a person. */
const longestCallMs = 25 * 60 * 60 * 1000;

export const lentServices: readonly Service[] = [
  ...agentReportTopics.map((topic) => ({ subject: everyAgentSubject(topic) })),
  { subject: everyToolCallSubject, answerWithinMs: longestCallMs },
  { subject: `$JS.API.CONSUMER.INFO.${streams.commands}.*` },
  { subject: `$JS.API.CONSUMER.MSG.NEXT.${streams.commands}.*`, hasManyAnswers: true },
  { subject: `$JS.ACK.${streams.commands}.*.>` },
];

/** What captains say to all. */
export const lentStreams: readonly string[] = [captainBroadcastSubject, captainDecisionSubject];

export interface Taken {
  /** In the fleet's account. */
  readonly subject: string;
  /** Its name in the agent's account. */
  readonly local: string;
}

/**
 * Its own reports, its own tool calls, its own consumers. An account without JetStream answers `$JS.API` itself, by an error:
 * what goes to the fleet's has another name there.
 */
export function servicesOf(id: AgentId): readonly Taken[] {
  const consumers = agentOrderTopics.map((topic) => `${streams.commands}.${bridgeConsumerOf(id, topic)}`);
  const own = [...agentReportTopics.map((topic) => agentSubject(id, topic)), toolCallSubject(id)];
  return [
    ...[...own, ...consumers.map((consumer) => `$JS.ACK.${consumer}.>`)].map((subject) => ({
      subject,
      local: subject,
    })),
    ...consumers.flatMap((consumer) =>
      ["INFO", "MSG.NEXT"].map((act) => ({
        subject: `$JS.API.CONSUMER.${act}.${consumer}`,
        local: `$JS.fleet.API.CONSUMER.${act}.${consumer}`,
      })),
    ),
  ];
}

/**
 * What its credentials allow: the services, its own replies, and what captains say to all. A late answer to another's call
 * (`tools.{request_id}.response`) cannot be told from its own by the subject, so it may hear none.
 */
export function agentPermissions(id: AgentId): SubjectPermissions {
  // nats-server asks for the right to what a subject is mapped to (2.15), or to the subject itself.
  const publish = new Set(servicesOf(id).flatMap(({ subject, local }) => [subject, local]));
  return { publish: [...publish], subscribe: [`${inboxPrefix(id)}.>`, ...lentStreams] };
}
