// Folds the events of a session to lines for people: the start and the end of a tool call are one line, with how long it took. Pure.
import { definedOf } from "../../defined.ts";

/** What an event tells of a tool call. */
export interface CallFacts {
  readonly tool: string;
  /** The words that describe the call, or why it failed. */
  readonly detail?: string;
  readonly id?: string;
  readonly subagent?: string;
}

export interface FoldableEvent {
  readonly at: string;
  readonly kind: string;
  readonly text: string;
  readonly call?: CallFacts;
}

export type CallOutcome = "running" | "done" | "failed" | "refused" | "cut off";

/** A line: a tool call, or another event. */
export interface FoldedLine {
  readonly at: string;
  /** `call`, or the event's kind. */
  readonly kind: string;
  /** Of a call: its argument. */
  readonly text: string;
  readonly tool?: string;
  readonly subagent?: string;
  readonly outcome?: CallOutcome;
  readonly ended_at?: string;
  /** Why the call failed or was refused. */
  readonly why?: string;
}

/** Usage, orders and receipts have places of their own. */
const leftOut: ReadonlySet<string> = new Set([
  ...["usage", "receipt", "task", "pause", "resume", "stop", "shutdown", "message"],
]);
const ends: ReadonlyMap<string, CallOutcome> = new Map([
  ["tool_end", "done"],
  ["tool_failed", "failed"],
  ["tool_denied", "refused"],
  ["tool_start_refused", "refused"],
]);
/** After these, no call of the session itself runs any more. */
const closing: ReadonlySet<string> = new Set(["turn_end", "turn_failed", "session_start", "session_end"]);
/** A reported status, with which nothing of the agent runs any more: it has died, was stopped, or has ended. */
const overWith = /^(crashed|stopped|ended)(:|$)/;

type OpenLine = { -readonly [Key in keyof FoldedLine]: FoldedLine[Key] } & { id?: string };

/** @param events oldest first @returns the lines, oldest first */
export function foldCalls(events: readonly FoldableEvent[]): FoldedLine[] {
  const lines: OpenLine[] = [];
  const open: OpenLine[] = [];
  for (const { at, kind, text, call } of events) {
    const outcome = ends.get(kind);
    if (kind === "tool_start" && call !== undefined) {
      const line = { ...lineOf(at, call), outcome: "running" as const };
      lines.push(line);
      open.push(line);
    } else if (outcome !== undefined && call !== undefined) {
      const place = open.findLastIndex((line) => isOf(line, call));
      const line = open[place] ?? lineOf(at, { ...call, detail: "" });
      if (place === -1) lines.push(line);
      else open.splice(place, 1);
      end(line, outcome, at);
      if (outcome !== "done" && call.detail !== undefined) line.why = call.detail;
    } else if (!leftOut.has(kind)) {
      lines.push({ at, kind, text });
      if (kind === "status" && overWith.test(text)) closeAll(open, at);
      else if (closing.has(kind)) closeOwn(open, at);
    }
  }
  return lines.map(({ id: _, ...line }) => line);
}

function lineOf(at: string, { tool, detail = "", id, subagent }: CallFacts): OpenLine {
  return { at, kind: "call", text: detail, tool, ...definedOf({ id, subagent }) };
}

/** Whether the open line is that of the call: by its id, or, if the CLI gives none, by the tool. */
function isOf(line: OpenLine, { tool, id, subagent }: CallFacts): boolean {
  if (line.id !== undefined && id !== undefined) return line.id === id;
  return line.tool === tool && line.subagent === subagent;
}

function end(line: OpenLine, outcome: CallOutcome, at: string): void {
  line.outcome = outcome;
  line.ended_at = at;
}

function closeAll(open: OpenLine[], at: string): void {
  for (const line of open.splice(0)) end(line, "cut off", at);
}

function closeOwn(open: OpenLine[], at: string): void {
  const others = open.filter(({ subagent }) => subagent !== undefined);
  closeAll(
    open.filter(({ subagent }) => subagent === undefined),
    at,
  );
  open.splice(0, open.length, ...others);
}
