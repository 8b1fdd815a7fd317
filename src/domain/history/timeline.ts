// Makes the lines of the timeline of records: one line for a call of a tool, with its argument, its duration, and whether it failed.
import { isFailureRecord } from "../audit/failure-record.ts";
import { definedOf } from "../defined.ts";
import { beginningOf } from "../text/summary.ts";
import { costText, tokensText } from "../usage.ts";
import { agentOfRecord, parseAgentSubject } from "../wire/subjects.ts";
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
  /** Of a call whose end is not known. */
  readonly is_open?: true;
}

/** At most so much of a text is in a line; the audit has all of it. */
const textLength = 2_000;

type Fields = Readonly<Record<string, unknown>>;

const startKinds: readonly unknown[] = ["tool_start"];
const endKinds: readonly unknown[] = ["tool_end", "tool_failed", "tool_denied", "tool_start_refused"];

interface Call {
  readonly key: string;
  readonly line: TimelineLine;
}

export interface Calls {
  /** The lines, newest first. */
  readonly lines: readonly TimelineLine[];
  /** The calls whose end is not among the records. */
  readonly open: readonly TimelineLine[];
  /** The ends whose call is not among the records; each is a line, too. */
  readonly orphans: readonly TimelineLine[];
}

export interface CallFolder {
  /** Adds a record; call it in the order of the stream. */
  add(record: AnyRecord): void;
  /** Takes only the end of a call that is open; whether any is still open. */
  addEnd(record: AnyRecord): boolean;
  /** Takes the beginning of a call whose end is an orphan. */
  addStart(record: AnyRecord): void;
  result(): Calls;
}

export function createCallFolder(): CallFolder {
  const lines = new Map<number, TimelineLine>();
  const open = new Map<string, Call[]>();
  const orphans = new Map<string, TimelineLine>();
  /** The ends that were taken. The records from the first open call on are read again, because a filter may have left out its end. */
  const taken = new Set<number>();

  const endCall = (record: AnyRecord): boolean => {
    const key = callKey(record);
    const call = taken.has(record.seq) ? undefined : open.get(key)?.shift();
    if (call === undefined) return false;
    taken.add(record.seq);
    if (open.get(key)?.length === 0) open.delete(key);
    lines.set(call.line.seq, withEnd(call.line, record));
    return true;
  };
  return {
    add(record) {
      const { kind } = fieldsOf(record);
      const topic = parseAgentSubject(record.subject)?.topic;
      if (topic === "event" && startKinds.includes(kind)) {
        const key = callKey(record);
        const line: TimelineLine = { ...callLine(record), is_open: true };
        lines.set(record.seq, line);
        open.set(key, [...(open.get(key) ?? []), { key, line }]);
        return;
      }
      if (topic === "event" && endKinds.includes(kind)) {
        if (endCall(record)) return;
        const line = { ...callLine(record), is_failure: kind !== "tool_end" };
        orphans.set(`${callKey(record)} ${record.seq}`, line);
        lines.set(record.seq, line);
        return;
      }
      if (isToldByEvent(record, lines.values())) return;
      const line = lineOf(record);
      if (line !== undefined) lines.set(record.seq, line);
    },
    addEnd(record) {
      const isEnd =
        parseAgentSubject(record.subject)?.topic === "event" && endKinds.includes(fieldsOf(record).kind);
      if (isEnd) endCall(record);
      return open.size > 0;
    },
    addStart(record) {
      const key = callKey(record);
      const found = [...orphans].find(([each, { seq }]) => each === `${key} ${seq}` && seq > record.seq);
      if (found === undefined) return;
      const [orphanKey, end] = found;
      orphans.delete(orphanKey);
      const { text } = callLine(record);
      const joined = [text, end.is_failure ? end.text : ""].filter((part) => part !== "").join(" → ");
      lines.set(end.seq, { ...end, text: joined, took_ms: Date.parse(end.at) - Date.parse(record.at) });
    },
    result: () => ({
      lines: [...lines.values()].sort((a, b) => b.seq - a.seq),
      open: [...open.values()].flat().map(({ line }) => line),
      orphans: [...orphans.values()],
    }),
  };
}

/** Calls of a tool have ids; an agent that names none ends its calls in the order in which they began. */
function callKey(record: AnyRecord): string {
  const { tool_use_id, tool, instance_id, subagent } = fieldsOf(record);
  return JSON.stringify([agentOfRecord(record.subject), tool_use_id ?? [tool, instance_id, subagent]]);
}

function callLine(record: AnyRecord): TimelineLine {
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

function withEnd({ is_open: _, ...line }: TimelineLine, end: AnyRecord): TimelineLine {
  const { kind, detail } = fieldsOf(end);
  const took_ms = Math.max(0, Date.parse(end.at) - Date.parse(line.at));
  if (kind === "tool_end") return { ...line, took_ms };
  const why = text(detail);
  const words = kind === "tool_failed" ? why : `refused: ${why}`;
  const joined = [line.text, words].filter((part) => part !== "").join(" → ");
  return { ...line, text: beginningOf(joined, textLength), is_failure: true, took_ms };
}

/** How much later than the event of its call cliai may record a tool call. */
const recordedWithinMs = 10_000;

/** Whether a record of a call of cliai's own tool is that of a call of which an event tells, too. */
function isToldByEvent({ subject, at, message }: AnyRecord, lines: Iterable<TimelineLine>): boolean {
  const { tool, took_ms } = (message ?? {}) as Fields;
  if (!subject.startsWith("audit.tools.")) return false;
  const beganMs = Date.parse(at) - (typeof took_ms === "number" ? took_ms : 0);
  for (const line of lines) {
    const isSame = line.kind === "call" && line.what === tool && line.agent_id === agentOfRecord(subject);
    if (isSame && Math.abs(beganMs - Date.parse(line.at)) < recordedWithinMs) return true;
  }
  return false;
}

function placeOf({ seq, at, subject, message }: AnyRecord): Pick<TimelineLine, "seq" | "at" | "agent_id"> {
  const named = agentOfRecord(subject) ?? text(((message ?? {}) as Fields).agent_id);
  return { seq, at, ...(named === "" ? {} : { agent_id: named }) };
}

function fieldsOf({ message }: AnyRecord): Fields {
  return typeof message === "object" && message !== null ? (message as Fields) : {};
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The line of a record that is not part of a call; undefined for one that tells a reader nothing. */
function lineOf(record: AnyRecord): TimelineLine | undefined {
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
      return line(text(fields.type) || "command", payloadText(fields.payload), { from });
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
