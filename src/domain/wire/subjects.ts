// Builds and parses the name of every subject, stream, consumer and bucket (contract §3 and §4). No other file does.
import { type AgentId, isAgentId } from "./agent-id.ts";

/** What an agent says of itself: `agent.{id}.<topic>`. */
export const agentReportTopics = ["heartbeat", "status", "event", "receipt"] as const;
/** What is said to an agent: `agent.{id}.<topic>`; these ride the stream COMMANDS. */
export const agentOrderTopics = ["command", "shutdown", "message"] as const;

export type AgentReportTopic = (typeof agentReportTopics)[number];
export type AgentOrderTopic = (typeof agentOrderTopics)[number];
export type AgentTopic = AgentReportTopic | AgentOrderTopic;

export const streams = { commands: "COMMANDS", audit: "AUDIT" } as const;
/** `serve` holds the server's own bookkeeping: how far it has read the streams. */
export const buckets = { agents: "agents", requests: "requests", serve: "serve" } as const;

/** The queue group in which `serve` processes share tool calls. */
export const serveQueueGroup = "serve";

export const dashboardStateSubject = "dashboard.state";
export const dashboardAlertSubject = "dashboard.alert";
export const captainBroadcastSubject = "captain.broadcast";
export const captainDecisionSubject = "captain.decision";
/** Where the operator has credentials made for an agent: a request to the serve that holds the keys. In no stream. */
export const serveCredentialsSubject = "serve.credentials";
/** Where the operator's commands ask a serve for the fleet as of now: all of it, or one agent. In no stream. */
export const serveFleetSubject = "serve.fleet";
/** The form without an id, answered only with `--insecure`. */
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

export function toolCallSubject(id: AgentId): string {
  return `tools.call.${id}`;
}

export const everyToolCallSubject = "tools.call.*";

/** Where the late result of a call goes that outlived its request. */
export function toolResponseSubject(requestId: string): string {
  return `tools.${requestId}.response`;
}

/**
 * The server's own records in the stream AUDIT. Not `tools.>` itself: a stream that covers a request subject answers each
 * request with its own acknowledgement.
 */
export const auditRecordSubjects = "audit.>";
export const auditCheckpointSubject = "audit.checkpoint";

/** One record for each answered tool call. */
export function auditToolSubject(id: AgentId | "*"): string {
  return `audit.tools.${id}`;
}

/** A message that could not be understood: by the agent its subject named, or by nobody known. */
export function auditMalformedSubject(id: AgentId | "*" | undefined): string {
  return id === undefined ? "audit.malformed" : `audit.malformed.${id}`;
}

/** What is published again of the audit goes under this token, where nothing live is. */
export const replayRoot = "replay";

/** The durable consumer of stream COMMANDS that the agent's bridge works from. */
export function bridgeConsumer(id: AgentId): string {
  return `bridge-${id}`;
}

/**
 * The consumer of one topic alone, where the server cannot give several to one: the first has the usual name. `~` is in
 * no agent id, so that no agent's consumer is another's.
 */
export function bridgeConsumerOf(id: AgentId, topic: AgentOrderTopic): string {
  return topic === agentOrderTopics[0] ? bridgeConsumer(id) : `${bridgeConsumer(id)}~${topic}`;
}

/** The prefix of an agent's reply subjects; its credentials allow no other. */
export function inboxPrefix(id: AgentId): string {
  return `_INBOX.${id}`;
}

/** Who and what a subject of the form `agent.{id}.{topic}` is about; undefined for any other subject. */
export function parseAgentSubject(subject: string): { id: AgentId; topic: AgentTopic } | undefined {
  const [head, id, topic, ...rest] = subject.split(".");
  if (head !== "agent" || rest.length > 0 || !isAgentId(id) || !isAgentTopic(topic)) return undefined;
  return { id, topic };
}

/** As {@link parseAgentSubject}. @throws Error for a subject whose id is none, such as `agent.-x.status` */
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

/** The agent that a record of the stream AUDIT is about, by its subject. */
export function agentOfRecord(subject: string): AgentId | undefined {
  const [head, second, third, ...rest] = subject.split(".");
  if (head === "agent") return parseAgentSubject(subject)?.id;
  const isOwn = head === "audit" && (second === "tools" || second === "malformed") && rest.length === 0;
  return isOwn && isAgentId(third) ? third : undefined;
}

const topics = new Set<string>([...agentReportTopics, ...agentOrderTopics]);

function isAgentTopic(topic: string | undefined): topic is AgentTopic {
  return topic !== undefined && topics.has(topic);
}
