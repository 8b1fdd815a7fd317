// Turns a filter into the subjects of the stream AUDIT that must be read, and a test for each record.
import { CliaiError } from "../text/errors.ts";
import { didYouMean } from "../text/nearest.ts";
import type { AgentId } from "../wire/agent-id.ts";
import { eventKinds } from "../wire/event-messages.ts";
import {
  type AgentTopic,
  agentOfRecord,
  agentOrderTopics,
  agentReportTopics,
  agentSubject,
  auditBudgetSubject,
  auditCheckpointSubject,
  auditGitSubject,
  auditMalformedSubject,
  auditRuleSubject,
  auditToolSubject,
  captainBroadcastSubject,
  captainDecisionSubject,
  dashboardAlertSubject,
  everyAgentSubject,
} from "../wire/subjects.ts";
import { isFailureRecord } from "./failure-record.ts";

export interface AuditFilter {
  readonly agent?: AgentId | undefined;
  /** One of {@link auditKinds}, or `event.KIND` for a kind of an agent's event. */
  readonly kind?: string | undefined;
  readonly sinceMs?: number | undefined;
  /** Records after this moment are left out. */
  readonly untilMs?: number | undefined;
  /** A text that is anywhere in the payload; case is ignored. */
  readonly text?: string | undefined;
  /** Only records of something that went wrong; see {@link isFailureRecord}. */
  readonly failed?: boolean | undefined;
}

const topics: readonly AgentTopic[] = [...agentReportTopics, ...agentOrderTopics];

type KindSubjects = (id: AgentId | undefined) => readonly string[];
const byTopic = (topic: AgentTopic): KindSubjects => {
  return (id) => [id === undefined ? everyAgentSubject(topic) : agentSubject(id, topic)];
};
const malformed: KindSubjects = (id) =>
  id === undefined
    ? [auditMalformedSubject(undefined), auditMalformedSubject("*")]
    : [auditMalformedSubject(id)];
const subjectsByKind: Readonly<Record<string, KindSubjects>> = {
  ...Object.fromEntries(topics.map((topic) => [topic, byTopic(topic)])),
  ...Object.fromEntries(eventKinds.map((kind) => [kind, byTopic("event")])),
  tool: (id) => [auditToolSubject(id ?? "*")],
  malformed,
  git: (id) => [auditGitSubject(id ?? "*")],
  rule: () => [auditRuleSubject],
  budget: () => [auditBudgetSubject],
  alert: () => [dashboardAlertSubject],
  decision: () => [captainDecisionSubject],
  broadcast: () => [captainBroadcastSubject],
  checkpoint: () => [auditCheckpointSubject],
};

/** The values of `--kind`. */
export const auditKinds: readonly string[] = Object.keys(subjectsByKind);

/** @throws CliaiError `usage` for an unknown kind, with the nearest known one */
export function parseAuditKind(text: string): string {
  if (Object.hasOwn(subjectsByKind, text) || /^event\.\S+$/.test(text)) return text;
  throw new CliaiError("usage", `there is no kind of record "${text}"`, {
    hint: didYouMean(text, auditKinds) ?? `the kinds are ${auditKinds.join(", ")}, and event.KIND`,
  });
}

/** The subjects that can have matching records. The subject of checkpoints is among them only if the filter asks for checkpoints. */
export function auditSubjects({ agent, kind }: AuditFilter): string[] {
  if (kind !== undefined) return [...(subjectsByKind[kind] ?? byTopic("event"))(agent)];
  const ofAgents = topics.flatMap((topic) => byTopic(topic)(agent));
  const others = ["tool", "malformed", "git", "rule", "budget", "alert"].flatMap(
    (each) => subjectsByKind[each]?.(agent) ?? [],
  );
  return agent === undefined
    ? [...ofAgents, ...others, captainDecisionSubject, captainBroadcastSubject]
    : [...ofAgents, ...others];
}

/** Returns a test for what the subject does not show. Use it only for records on {@link auditSubjects}. */
export function createAuditTest(
  filter: AuditFilter,
): (record: { subject: string; at: string; data: Uint8Array }) => boolean {
  const { agent, kind, sinceMs = Number.NEGATIVE_INFINITY, untilMs = Number.POSITIVE_INFINITY } = filter;
  const wanted = filter.text?.toLowerCase();
  const eventKind = kind?.startsWith("event.") ? kind.slice("event.".length) : kind;
  const asksEventKind = kind?.startsWith("event.") || eventKinds.some((each) => each === kind);
  return ({ subject, at, data }) => {
    const atMs = Date.parse(at);
    if (atMs < sinceMs || atMs > untilMs) return false;
    if (wanted !== undefined && !utf8.decode(data).toLowerCase().includes(wanted)) return false;
    if (asksEventKind && fieldOf(data, "kind") !== eventKind) return false;
    if (filter.failed === true && !isFailureRecord(subject, fieldsOf(data))) return false;
    // An alert names its agent in its body.
    return agent === undefined || (agentOfRecord(subject) ?? fieldOf(data, "agent_id")) === agent;
  };
}

const utf8 = new TextDecoder();

function fieldOf(data: Uint8Array, name: string): unknown {
  return fieldsOf(data)?.[name];
}

function fieldsOf(data: Uint8Array): Readonly<Record<string, unknown>> | null {
  try {
    return JSON.parse(utf8.decode(data)) as Readonly<Record<string, unknown>> | null;
  } catch {
    // A record that is not JSON has no fields.
    return null;
  }
}
