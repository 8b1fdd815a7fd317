// Makes the line of one record for the timeline: what happened, in words that fit on a line.
import { isFailureRecord } from "../audit/failure-record.ts";
import { definedOf } from "../defined.ts";
import { commandLine } from "../text/order-text.ts";
import { beginningOf } from "../text/summary.ts";
import { costText, tokensText } from "../usage.ts";
import type { Command } from "../wire/order-messages.ts";
import { agentOfRecord, auditBudgetSubject, auditRuleSubject, parseAgentSubject } from "../wire/subjects.ts";
import { shownOwnTool } from "../wire/tools/shown-tool.ts";

/** A record of the stream AUDIT with its decoded message. */
export interface AnyRecord {
  readonly seq: number;
  readonly at: string;
  readonly subject: string;
  readonly message: unknown;
}

export interface TimelineLine {
  /** Of the record that began it. */
  readonly seq: number;
  /** RFC 3339. */
  readonly at: string;
  readonly agent_id?: string;
  /** `call` for a tool; else the topic of the record, or the kind of the event. */
  readonly kind: string;
  /** The tool, the command, the state: what the line is about. */
  readonly what?: string;
  /** Who gave the order, or wrote the message. */
  readonly from?: string;
  readonly text: string;
  readonly is_failure: boolean;
  /** Of a call that has ended. */
  readonly took_ms?: number;
  /** Of a call that has ended: the record of its end, if the line is not that one's own. */
  readonly end_seq?: number;
  /** Of a call whose end is not known. */
  readonly is_open?: true;
}

/** At most so much of a text is in a line; the audit has all of it. */
const textLength = 2_000;

export type Fields = Readonly<Record<string, unknown>>;

/** The line of the beginning of a call, or of an end whose beginning is not known. */
export function callLine(record: AnyRecord): TimelineLine {
  const { tool, detail } = fieldsOf(record);
  const named = text(tool);
  return {
    ...placeOf(record),
    kind: "call",
    what: shownOwnTool(named) ?? (named || "tool"),
    text: beginningOf(text(detail), textLength),
    is_failure: false,
  };
}

/** The line of a call that has ended. */
export function withEnd({ is_open: _, ...line }: TimelineLine, end: AnyRecord): TimelineLine {
  const { kind, detail } = fieldsOf(end);
  const took_ms = Math.max(0, Date.parse(end.at) - Date.parse(line.at));
  const ended = { ...line, took_ms, end_seq: end.seq };
  if (kind === "tool_end") return ended;
  const why = text(detail);
  const words = kind === "tool_failed" ? why : `refused: ${why}`;
  const joined = [line.text, words].filter((part) => part !== "").join(" → ");
  return { ...ended, text: beginningOf(joined, textLength), is_failure: true };
}

function placeOf({ seq, at, subject, message }: AnyRecord): Pick<TimelineLine, "seq" | "at" | "agent_id"> {
  const named = agentOfRecord(subject) ?? text(((message ?? {}) as Fields).agent_id);
  return { seq, at, ...(named === "" ? {} : { agent_id: named }) };
}

/** The fields of the message; none if it is no object. */
export function fieldsOf({ message }: AnyRecord): Fields {
  return typeof message === "object" && message !== null ? (message as Fields) : {};
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The line of a record that is not part of a call; undefined for one that tells a reader nothing. */
export function lineOf(record: AnyRecord): TimelineLine | undefined {
  const fields = fieldsOf(record);
  const { topic } = parseAgentSubject(record.subject) ?? {};
  const is_failure = isFailureRecord(record.subject, record.message);
  const line = (kind: string, words: string, more: { what?: string; from?: string } = {}): TimelineLine => ({
    ...placeOf(record),
    kind,
    ...definedOf({ what: more.what || undefined, from: more.from || undefined }),
    text: beginningOf(words, textLength),
    is_failure,
  });
  const from = text(fields.from);
  switch (topic) {
    case "heartbeat":
      return line("heartbeat", text(fields.current_task), { what: text(fields.status) });
    case "status":
      return line("status", text(fields.message), { what: text(fields.status) });
    case "event":
      return line(text(fields.kind) || "event", eventText(fields), { what: text(fields.tool) });
    case "receipt":
      return line("receipt", text(fields.detail), {
        what: [text(fields.state), text(fields.route)].filter((word) => word !== "").join(" by "),
      });
    case "command":
      return line(text(fields.type) || "command", commandLine(fields as Command), { from });
    case "shutdown":
      return line("shutdown", text(fields.reason), { from });
    case "message":
      return line(text(fields.kind) || "message", text(fields.text), { from });
  }
  const words = ["text", "decision", "message", "error", "reason"].map((name) => text(fields[name]));
  const told = words.filter((word) => word !== "").join(": ");
  const [, kind = record.subject] = record.subject.split(".");
  if (record.subject.startsWith("audit.tools.")) {
    const { took_ms } = fields;
    const call = line(
      "call",
      [payloadText(fields.arguments), text(fields.error)].filter(Boolean).join(" → "),
      {
        what: text(fields.tool),
      },
    );
    return typeof took_ms === "number" ? { ...call, took_ms } : call;
  }
  if (record.subject.startsWith("audit.git.")) return line("git", text(fields.message), { from });
  if (record.subject === auditRuleSubject) return line("rule", text(fields.message), { from });
  if (record.subject === auditBudgetSubject) return line("budget", text(fields.message), { from });
  return line(kind, told, { from, what: text(fields.severity) });
}

function eventText({ detail, error, percent, usage, remedy }: Fields): string {
  const { tokens_used, estimated_cost } = (usage ?? {}) as Fields;
  const parts = [
    text(error),
    typeof percent === "number" ? `${percent} %` : "",
    text(detail),
    typeof tokens_used === "number" ? `${tokensText(tokens_used)} tokens` : "",
    typeof estimated_cost === "number" ? costText(estimated_cost) : "",
    text(remedy),
  ];
  return parts.filter((part) => part !== "").join(" · ");
}

function payloadText(payload: unknown): string {
  if (typeof payload === "string") return payload;
  if (payload == null) return "";
  const fields = payload as Fields;
  const { text: words, reason } = fields;
  if (typeof words === "string") return words;
  if (typeof reason === "string") return reason;
  return Object.keys(fields).length === 0 ? "" : JSON.stringify(payload);
}
