// This room holds NATS accounts, credentials and permissions. A change here wants extra scrutiny.
//
// What an agent may do on NATS. Agents and captains have the same permissions. A captain can do more only through its tools, for
// which serve checks its role.
import { agentsService, queryInboxPrefix } from "../../domain/agent-protocol/protocol-names.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import {
  agentOrderTopics,
  agentRecordTopics,
  agentReportTopics,
  agentSubject,
  bridgeConsumerOf,
  captainBroadcastSubject,
  captainDecisionSubject,
  everyAgentSubject,
  everyKeysSubject,
  everyModelServerLeaseSubject,
  everyScreenSubject,
  everyToolCallSubject,
  everyWatchSubject,
  inboxPrefix,
  keysSubject,
  modelServerLeaseSubject,
  nodeInboxPrefix,
  nodeSubject,
  reservationsSubject,
  screenSubject,
  streams,
  toolCallSubject,
  watchSubject,
} from "../../domain/wire/subjects.ts";

export interface SubjectPermissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** A service that the fleet's account exports to the agents' accounts. Each account imports only the part of its own agent. */
export interface Service {
  readonly subject: string;
  /** Whether one request gets several answers, like a pull of several messages. */
  readonly hasManyAnswers?: boolean;
  /** How long nats-server keeps the route for the answer. Its default is 2 minutes. */
  readonly answerWithinMs?: number;
}

/** How long a tool call may wait for a person. */
const longestCallMs = 25 * 60 * 60 * 1000;

export const lentServices: readonly Service[] = [
  ...[...agentReportTopics, ...agentRecordTopics].map((topic) => ({ subject: everyAgentSubject(topic) })),
  { subject: everyToolCallSubject, answerWithinMs: longestCallMs },
  { subject: everyModelServerLeaseSubject },
  { subject: everyScreenSubject },
  { subject: `$JS.API.CONSUMER.INFO.${streams.commands}.*` },
  { subject: `$JS.API.CONSUMER.MSG.NEXT.${streams.commands}.*`, hasManyAnswers: true },
  { subject: `$JS.ACK.${streams.commands}.*.>` },
];

/** The subjects of what captains say to all agents, and of what serve tells all hosts. */
const saidToAll: readonly string[] = [captainBroadcastSubject, captainDecisionSubject, reservationsSubject];

/** What the fleet's account sends to the agents' accounts. Each account imports only what is for its own agent, and what is for all. */
export const lentStreams: readonly string[] = [...saidToAll, everyWatchSubject, everyKeysSubject];

/**
 * What an agent hears of the fleet's account: what captains say to all, what is reserved, and who watches its terminal and types there. It may only listen on
 * these subjects: an agent that could publish its own keys could answer the dialogs of its own terminal.
 */
export function streamsOf(id: AgentId): string[] {
  return [...saidToAll, watchSubject(id), keysSubject(id)];
}

export interface Taken {
  /** The subject in the fleet's account. */
  readonly subject: string;
  /** The subject in the agent's account. */
  readonly local: string;
}

/**
 * What an agent may reach in the fleet's account: its own reports, tool calls, leases of model servers, screen and consumers. In the agent's
 * account, JetStream's subjects begin with `$JS.fleet.API`: an account without JetStream itself answers `$JS.API`, with an error.
 */
export function servicesOf(id: AgentId): readonly Taken[] {
  const consumers = agentOrderTopics.map((topic) => `${streams.commands}.${bridgeConsumerOf(id, topic)}`);
  const own = [
    ...[...agentReportTopics, ...agentRecordTopics].map((topic) => agentSubject(id, topic)),
    toolCallSubject(id),
    modelServerLeaseSubject(id),
    screenSubject(id),
  ];
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
 * What an agent's credentials allow: to publish to its services, and to subscribe to its own inbox and to {@link streamsOf}.
 * It may not subscribe to late answers (`tools.{request_id}.response`), because their subjects do not name the agent.
 */
export function agentPermissions(id: AgentId): SubjectPermissions {
  // Allow both: nats-server 2.15 checks the subject that a mapping leads to, older ones check the subject itself.
  const publish = new Set(servicesOf(id).flatMap(({ subject, local }) => [subject, local]));
  return { publish: [...publish], subscribe: [`${inboxPrefix(id)}.>`, ...streamsOf(id)] };
}

/**
 * What a peer's credentials allow, in an account where nobody else is but serve.
 * @param rights `prompts`: to find agents, to prompt them, to answer their questions, and to hear their heartbeats. `serves`: to be found and
 * prompted itself, to answer and to ask, and to send heartbeats
 */
export function peerPermissions(rights: {
  readonly prompts: boolean;
  readonly serves: boolean;
}): SubjectPermissions {
  const parts = [rights.prompts ? caller : nothing, rights.serves ? host : nothing];
  const unique = (subjects: readonly string[]) => [...new Set(subjects)];
  return {
    publish: unique(parts.flatMap(({ publish }) => publish)),
    subscribe: unique(parts.flatMap(({ subscribe }) => subscribe)),
  };
}

/**
 * What a node's credentials allow, in an account where nobody else is but serve: to say that it is there, to ask for the credentials of agents, and to
 * take the orders to launch them. It answers to inboxes without a limit of time, because a launch may take minutes.
 */
export function nodePermissions(name: string): SubjectPermissions {
  return {
    publish: [nodeSubject(name, "heartbeat"), nodeSubject(name, "credentials"), "_INBOX.>"],
    subscribe: [nodeSubject(name, "spawn"), `${nodeInboxPrefix(name)}.>`],
  };
}

const nothing: SubjectPermissions = { publish: [], subscribe: [] };

const caller: SubjectPermissions = {
  publish: [
    ...["PING", "INFO", "STATS"].flatMap((verb) => [
      `$SRV.${verb}`,
      `$SRV.${verb}.${agentsService}`,
      `$SRV.${verb}.${agentsService}.*`,
    ]),
    ...["agents.prompt.>", "agents.status.>", `${queryInboxPrefix}.>`],
  ],
  subscribe: ["_INBOX.>", "agents.hb.>"],
};

/** Answers go to inboxes without a limit of time, because a task may take hours: permissions for answers alone would end. */
const host: SubjectPermissions = {
  publish: ["agents.hb.>", "_INBOX.>"],
  subscribe: ["agents.prompt.>", "agents.status.>", "$SRV.>", "_INBOX.>"],
};
