// Makes the lines of the timeline of records: one line for a call of a tool, with its argument, its duration, and whether it failed.
import { agentOfRecord, parseAgentSubject } from "../wire/subjects.ts";
import {
  type AnyRecord,
  callLine,
  type Fields,
  fieldsOf,
  lineOf,
  type TimelineLine,
  withEnd,
} from "./record-line.ts";

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
    const [call] = open.get(key) ?? [];
    // An end that is read again is not that of a call which began after it.
    if (call === undefined || call.line.seq > record.seq || taken.has(record.seq)) return false;
    open.get(key)?.shift();
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
        if (taken.has(record.seq) || endCall(record)) return;
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
