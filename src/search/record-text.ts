// Decides what of a record can be searched: its text without secrets, its kinds, and its agent. Pure.
import { auditKinds } from "../domain/audit/audit-filter.ts";
import { definedOf } from "../domain/defined.ts";
import { CliaiError } from "../domain/text/errors.ts";
import { didYouMean } from "../domain/text/nearest.ts";
import { redact } from "../domain/text/redact.ts";
import { isAgentId } from "../domain/wire/agent-id.ts";
import {
  agentOfRecord,
  auditBudgetSubject,
  auditGitSubject,
  auditMalformedSubject,
  auditRuleSubject,
  auditToolSubject,
  captainBroadcastSubject,
  captainDecisionSubject,
  dashboardAlertSubject,
  parseAgentSubject,
} from "../domain/wire/subjects.ts";
import { transcriptKinds } from "../domain/wire/transcript-messages.ts";

export interface RecordText {
  readonly agent_id?: string;
  /** Who wrote it, if it is a message. */
  readonly from?: string;
  /** What kind of record it is, for a person; one of `kinds`, or the type of an order. */
  readonly kind: string;
  /** The kinds by which it is found. */
  readonly kinds: readonly string[];
  /** Without secrets, and never empty. */
  readonly text: string;
}

/** So much of a text is searched. */
const longestText = 100_000;
const neverSearched: readonly string[] = ["heartbeat", "checkpoint"];

/** The values of `--kind`. */
export const searchKinds: readonly string[] = [
  ...new Set([...auditKinds, "transcript", ...transcriptKinds]),
].filter((kind) => !neverSearched.includes(kind));

/** @throws CliaiError `usage` for an unknown kind, with the nearest known one */
export function parseSearchKind(text: string): string {
  if (searchKinds.includes(text)) return text;
  throw new CliaiError("usage", `there is no kind of record "${text}" to search`, {
    hint: didYouMean(text, searchKinds) ?? `the kinds are ${searchKinds.join(", ")}`,
  });
}

type Fields = Readonly<Record<string, unknown>>;

interface Found {
  readonly kind: string;
  readonly kinds?: readonly string[];
  /** In the order in which they are shown. */
  readonly texts: readonly unknown[];
}

/** Undefined for a record without a text. */
export function recordText({
  subject,
  data,
}: {
  readonly subject: string;
  readonly data: Uint8Array;
}): RecordText | undefined {
  const fields = fieldsOf(data);
  const found = fields && foundIn(subject, fields);
  if (found === undefined) return undefined;
  const { kind, kinds = [kind], texts } = found;
  const text = redact(texts.flatMap(textsIn).join(" ").slice(0, longestText)).trim();
  if (text === "") return undefined;
  const id = agentOfRecord(subject) ?? (isAgentId(fields?.agent_id) ? fields.agent_id : undefined);
  const from = kind === "message" && isAgentId(fields?.from) ? fields.from : undefined;
  return { ...definedOf({ agent_id: id, from }), kind, kinds, text };
}

function foundIn(subject: string, fields: Fields): Found | undefined {
  const topic = parseAgentSubject(subject)?.topic;
  switch (topic) {
    case "status":
      return { kind: topic, texts: [fields.status, fields.message, fields.current_task] };
    case "event": {
      const kind = typeof fields.kind === "string" ? fields.kind : topic;
      const { tool, detail, error, remedy, background } = fields;
      const texts = [tool, detail, error, remedy, background];
      return { kind, kinds: [topic, kind], texts };
    }
    case "receipt": {
      const { state, detail, task, run_ended } = fields;
      // A state alone is in every order's record, so it finds nothing.
      const hasText = [detail, task, run_ended].some((text) => typeof text === "string" && text !== "");
      return hasText ? { kind: topic, texts: [state, detail, task, run_ended] } : undefined;
    }
    case "command": {
      const kind = typeof fields.type === "string" ? fields.type : topic;
      return { kind, kinds: [topic], texts: [kind, fields.payload] };
    }
    case "shutdown":
      return { kind: topic, texts: [fields.reason] };
    case "message":
      return { kind: topic, texts: [fields.text] };
    case "transcript": {
      const kind = typeof fields.kind === "string" ? fields.kind : topic;
      return { kind, kinds: [topic, kind], texts: [fields.tool, fields.title, fields.text] };
    }
    case "heartbeat":
      return undefined;
  }
  if (subject === dashboardAlertSubject)
    return { kind: "alert", texts: [fields.kind, fields.message, fields.sample] };
  if (subject === captainBroadcastSubject) return { kind: "broadcast", texts: [fields.text] };
  if (subject === captainDecisionSubject)
    return { kind: "decision", texts: [fields.decision, fields.reason, fields.about] };
  if (subject.startsWith(toolRecords))
    return { kind: "tool", texts: [fields.tool, fields.arguments, fields.error] };
  if (subject.startsWith(auditMalformedSubject(undefined)))
    return { kind: "malformed", texts: [fields.error, fields.sample] };
  if (subject.startsWith(gitRecords)) return { kind: "git", texts: [fields.message, fields.from] };
  if (subject === auditRuleSubject) return { kind: "rule", texts: [fields.message, fields.from] };
  if (subject === auditBudgetSubject) return { kind: "budget", texts: [fields.message, fields.from] };
  return undefined;
}

const gitRecords = auditGitSubject("*").slice(0, -1);
const toolRecords = auditToolSubject("*").slice(0, -1);
const utf8 = new TextDecoder();

function fieldsOf(data: Uint8Array): Fields | undefined {
  try {
    const value: unknown = JSON.parse(utf8.decode(data));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Fields)
      : undefined;
  } catch {
    return undefined; // the audit has it as malformed, with its text
  }
}

const deepest = 8;

/** All texts in a value, without the names of its fields. */
function textsIn(value: unknown, depth = 0): string[] {
  if (typeof value === "string") return value === "" ? [] : [value];
  if (typeof value !== "object" || value === null || depth > deepest) return [];
  return Object.values(value).flatMap((each) => textsIn(each, depth + 1));
}
