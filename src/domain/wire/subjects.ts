// Builds and parses the name of every subject, stream, consumer and bucket. No other file does, but for the Synadia agent protocol (../agent-protocol).
import { type AgentId, isAgentId } from "./agent-id.ts";

/** The topics on which an agent reports: `agent.{id}.<topic>`. */
export const agentReportTopics = ["heartbeat", "status", "event", "receipt"] as const;
/** The topics of orders to an agent: `agent.{id}.<topic>`. The stream COMMANDS stores them. */
export const agentOrderTopics = ["command", "shutdown", "message"] as const;

/** The topics of an agent's own record of its conversation: `agent.{id}.<topic>`. The stream TRANSCRIPTS stores them, and AUDIT does not. */
export const agentRecordTopics = ["transcript"] as const;

export type AgentReportTopic = (typeof agentReportTopics)[number];
export type AgentOrderTopic = (typeof agentOrderTopics)[number];
export type AgentRecordTopic = (typeof agentRecordTopics)[number];
export type AgentTopic = AgentReportTopic | AgentOrderTopic | AgentRecordTopic;

export const streams = {
  commands: "COMMANDS",
  audit: "AUDIT",
  transcripts: "TRANSCRIPTS",
  notices: "NOTICES",
} as const;
/**
 * The bucket `serve` has the server's own data: how far the streams were read, the lease, alerts, which call has which item of an inbox, removed agents. `spending` has what
 * agents' sessions have used, `holds` what holds agents back, `reservations` which files
 * agents have reserved.
 */
export const buckets = {
  agents: "agents",
  requests: "requests",
  serve: "serve",
  spending: "spending",
  holds: "holds",
  reservations: "reservations",
} as const;

/** The queue group in which `serve` processes share tool calls. */
export const serveQueueGroup = "serve";

export const dashboardStateSubject = "dashboard.state";
export const dashboardAlertSubject = "dashboard.alert";
export const captainBroadcastSubject = "captain.broadcast";
export const captainDecisionSubject = "captain.decision";
/** On this subject serve tells all hosts which files agents have reserved. No stream stores it. */
export const reservationsSubject = "fleet.reservations";
/** On this subject the operator's commands ask the serve that has the keys for an agent's credentials. No stream stores it. */
export const serveCredentialsSubject = "serve.credentials";
/** On this subject the operator asks a serve to cancel an order that waits. No stream stores it. */
export const serveCancelSubject = "serve.cancel";
/** On this subject the operator tags agents. No stream stores it. */
export const serveTagsSubject = "serve.tags";
/** On this subject the operator's commands ask the serve that leads for the budgets, or to change one. No stream stores it. */
export const serveBudgetsSubject = "serve.budgets";
/** On this subject the operator lists what agents have reserved, and releases it. No stream stores it. */
export const serveReservationsSubject = "serve.reservations";
/** On this subject the operator lists and revokes standing rules. No stream stores it. */
export const serveRulesSubject = "serve.rules";
/** On this subject the operator's commands ask a serve to launch a headless agent. No stream stores it. */
export const serveLaunchSubject = "serve.launch";
/** On this subject the operator's commands ask a serve for the present fleet, or for one agent. No stream stores it. */
export const serveFleetSubject = "serve.fleet";
/** On this subject the operator's commands ask a serve what the agents did since a moment. No stream stores it. */
export const serveReportSubject = "serve.report";
/** On this subject the operator lists and tries hooks and targets of notifications. No stream stores it. */
export const serveNotifySubject = "serve.notify";
/** On this subject the operator's commands ask a serve to search, or to drop an agent from the index. No stream stores it. */
export const serveSearchSubject = "serve.search";
/** On this subject the operator asks the serve that has the keys for a code by which a machine joins. No stream stores it. */
export const serveJoinCodeSubject = "serve.joincode";
export const serveWithdrawCodesSubject = "serve.joincode.withdraw";
/** On this subject the operator lists the machines that have joined. No stream stores it. */
export const serveNodesSubject = "serve.nodes";
/** In the account JOIN, a machine asks on this subject who serve is. No stream stores it. */
export const joinHubSubject = "join.hub";
/** In the account JOIN, a machine asks on this subject to be let in. No stream stores it. */
export const joinRequestSubject = "join.request";
/** The prefix of the reply subjects of machines that ask to join. */
export function joinInboxPrefix(): string {
  return "_INBOX.join";
}
/** The subjects of notices, each with the id of one notice. The stream NOTICES stores them, and only serve publishes there. */
export const everyNoticeSubject = "notice.*";

export function noticeSubject(noticeId: string): string {
  return `notice.${noticeId}`;
}

/** The name of the durable consumer of the stream NOTICES for one hook of the user. */
export function hookConsumer(name: string): string {
  return `hook-${name}`;
}

/** The same for one browser that takes push messages. */
export function pushConsumer(name: string): string {
  return `push-${name}`;
}

/** The same for one target of the user's notifications. */
export function targetConsumer(name: string): string {
  return `notify-${name}`;
}

/** The subject for tool calls without an agent's id; answered only with `--insecure`. */
export const plainToolCallSubject = "tools.call";

export function agentSubject(id: AgentId, topic: AgentTopic): string {
  return `agent.${id}.${topic}`;
}

/** The subject of one topic for every agent: `agent.*.heartbeat`. */
export function everyAgentSubject(topic: AgentTopic): string {
  return `agent.*.${topic}`;
}

/** Every subject about one agent: `agent.ada.*`. */
export function everySubjectOf(id: AgentId): string {
  return `agent.${id}.*`;
}

/** On this subject an agent's host publishes what its terminal shows, while somebody watches. No stream stores it. */
export function screenSubject(id: AgentId): string {
  return `agent.${id}.screen`;
}

export const everyScreenSubject = "agent.*.screen";

/** On this subject a viewer asks an agent's host to show its terminal for some seconds. No stream stores it. */
export function watchSubject(id: AgentId): string {
  return `agent.${id}.watch`;
}

export const everyWatchSubject = "agent.*.watch";

/** On this subject a person's keys go to an agent's terminal. No stream stores it, and an agent may not publish there. */
export function keysSubject(id: AgentId): string {
  return `agent.${id}.keys`;
}

export const everyKeysSubject = "agent.*.keys";

/** The agent of `agent.{id}.keys`; undefined for any other subject. */
export function parseKeysSubject(subject: string): AgentId | undefined {
  const [head, id, topic, ...rest] = subject.split(".");
  return head === "agent" && topic === "keys" && rest.length === 0 && isAgentId(id) ? id : undefined;
}

export function toolCallSubject(id: AgentId): string {
  return `tools.call.${id}`;
}

export const everyToolCallSubject = "tools.call.*";

/** On this subject an agent's host asks for the right to send a request to a model server. No stream stores it. */
export function modelServerLeaseSubject(id: AgentId): string {
  return `modelserver.lease.${id}`;
}

export const everyModelServerLeaseSubject = "modelserver.lease.*";

/** The subject for the result of a call that took longer than its request waits. */
export function toolResponseSubject(requestId: string): string {
  return `tools.${requestId}.response`;
}

/**
 * The subjects of the server's own records in the stream AUDIT. The stream must not cover `tools.>` itself, because a stream that covers a
 * request's subject answers the request with an acknowledgement.
 */
export const auditRecordSubjects = "audit.>";
export const auditCheckpointSubject = "audit.checkpoint";

/** The subject of the records of tool calls, one for each answered call. */
export function auditToolSubject(id: AgentId | "*"): string {
  return `audit.tools.${id}`;
}

/** The subject of the records of malformed messages; `id`: the agent that the message's subject names, if any. */
export function auditMalformedSubject(id: AgentId | "*" | undefined): string {
  return id === undefined ? "audit.malformed" : `audit.malformed.${id}`;
}

/** The subject of the records of what people have had done with an agent's changes: commits, pushes, pull requests. */
export function auditGitSubject(id: AgentId | "*"): string {
  return `audit.git.${id}`;
}

/** The subject of the records of standing rules: each rule that is made, used or revoked. */
export const auditRuleSubject = "audit.rules";

/** The subject of the records of budgets: each that is set, raised or removed. */
export const auditBudgetSubject = "audit.budgets";

/** The first token of the subjects on which `audit replay` publishes, so that nothing live receives them. */
export const replayRoot = "replay";

/** The name of the durable consumer of the stream COMMANDS from which the agent's host or bridge takes orders. */
export function bridgeConsumer(id: AgentId): string {
  return `bridge-${id}`;
}

/**
 * The name of the consumer of a single topic, for servers whose consumers have only one filter (before nats-server 2.10). The first topic has
 * the usual name. `~` cannot be in an agent id, so the name cannot be another agent's.
 */
export function bridgeConsumerOf(id: AgentId, topic: AgentOrderTopic): string {
  return topic === agentOrderTopics[0] ? bridgeConsumer(id) : `${bridgeConsumer(id)}~${topic}`;
}

/** The subjects on which the agent's host, bridge or program acknowledges its commands to JetStream. */
export function acknowledgementsOf(id: AgentId): string {
  return `$JS.ACK.${streams.commands}.${bridgeConsumer(id)}.>`;
}

/** The sequence in COMMANDS of the order that a message on this subject acknowledges or gives back. */
export function acknowledgedSeq(subject: string): number | undefined {
  const [, , , , , seq] = subject.split(".");
  return seq !== undefined && /^\d+$/.test(seq) ? Number(seq) : undefined;
}

/**
 * The subjects in the account of a node, in which there is nobody but the node and serve: on `heartbeat` the node says that it is there, on
 * `credentials` it asks for those of an agent, and on `spawn` serve asks it to launch one. No stream stores them.
 */
export function nodeSubject(name: string, topic: "heartbeat" | "credentials" | "spawn"): string {
  return `node.${name}.${topic}`;
}

/** The name of the connection of `cliai node`, by which its end is recognised. */
export function nodeConnectionName(name: string): string {
  return `cliai node ${name}`;
}

/** The prefix of a node's reply subjects; its credentials allow no other. */
export function nodeInboxPrefix(name: string): string {
  return `_INBOX.node-${name}`;
}

/** The prefix of an agent's reply subjects; its credentials allow no other. */
export function inboxPrefix(id: AgentId): string {
  return `_INBOX.${id}`;
}

/** Parses a subject of the form `agent.{id}.{topic}`; undefined for any other subject. */
export function parseAgentSubject(subject: string): { id: AgentId; topic: AgentTopic } | undefined {
  const [head, id, topic, ...rest] = subject.split(".");
  if (head !== "agent" || rest.length > 0 || !isAgentId(id) || !isAgentTopic(topic)) return undefined;
  return { id, topic };
}

/** As {@link parseAgentSubject}. @throws Error for any other subject, such as `agent.-x.status` */
export function requireAgentSubject(subject: string): { id: AgentId; topic: AgentTopic } {
  const parsed = parseAgentSubject(subject);
  if (parsed === undefined) throw new Error(`"${subject.split(".")[1] ?? ""}" is not an agent id`);
  return parsed;
}

/** The agent of `tools.call.{id}`; undefined for any other subject. */
export function parseToolCallSubject(subject: string): AgentId | undefined {
  const [head, call, id, ...rest] = subject.split(".");
  return head === "tools" && call === "call" && rest.length === 0 && isAgentId(id) ? id : undefined;
}

/** The agent of `modelserver.lease.{id}`; undefined for any other subject. */
export function parseModelServerLeaseSubject(subject: string): AgentId | undefined {
  const [head, lease, id, ...rest] = subject.split(".");
  return head === "modelserver" && lease === "lease" && rest.length === 0 && isAgentId(id) ? id : undefined;
}

/** The agent that a record of the stream AUDIT is about, by its subject. */
export function agentOfRecord(subject: string): AgentId | undefined {
  const [head, second, third, ...rest] = subject.split(".");
  if (head === "agent") return parseAgentSubject(subject)?.id;
  const isOwn = head === "audit" && ["tools", "malformed", "git"].includes(second ?? "") && rest.length === 0;
  return isOwn && isAgentId(third) ? third : undefined;
}

const topics = new Set<string>([...agentReportTopics, ...agentOrderTopics, ...agentRecordTopics]);

function isAgentTopic(topic: string | undefined): topic is AgentTopic {
  return topic !== undefined && topics.has(topic);
}
