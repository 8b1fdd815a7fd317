// Derives from a session's evidence, at a given time, what the session does, what it waits for, whether it is stuck, and why.
import type { FailureWord } from "../wire/event-messages.ts";
import type { Activity, Attention, Reading } from "./axes.ts";
import {
  type BackgroundWork,
  type DeniedTool,
  isTurnOpen,
  type SessionEvidence,
  type WaitingForPerson,
} from "./session-evidence.ts";

/** How long a turn may be open without an event, while the model thinks and while a tool runs, before it counts as stuck. */
const silentAfterMs = 600_000;
const silentInToolAfterMs = 3_600_000;
/** After this many equal failures in a row the agent counts as stuck. */
const sameFailures = 3;

type Finding<Value extends string> = Pick<Reading<Value>, "value" | "reason" | "hint" | "cause"> & {
  readonly at: string;
};

export function sessionActivity(session: SessionEvidence): Finding<Activity> {
  const { ended, waits, turn, turn_error, background, retry } = session;
  if (ended !== undefined) {
    return { value: "done", at: ended.at, reason: named("its session ended", ended.reason) };
  }
  const waiting = waits?.[0];
  if (waiting !== undefined)
    return { value: "waiting", at: waiting.since, reason: waitingText(waiting, waits) };
  if (turn === undefined) return { value: "idle", at: session.started_at, reason: "no prompt yet" };
  if (retry !== undefined) {
    const reason = retry.error === "usage_limit" ? said("usage limit", retry.detail) : retry.detail;
    return { value: "retrying", at: retry.since, reason };
  }
  if (turn.ended_at === undefined) return { value: "working", at: turn.since, reason: workText(session) };
  if (background !== undefined)
    return { value: "working", at: turn.ended_at, reason: backgroundWords(background) };
  const reason = turn_error === undefined ? "its turn ended" : named("its turn failed", turn_error.error);
  return { value: "idle", at: turn.ended_at, reason };
}

/** What in the session needs a person; undefined if nothing does. */
export function sessionAttention(
  session: SessionEvidence,
  isWorking: boolean,
  now: Date,
): Finding<Attention> | undefined {
  if (session.ended !== undefined) return undefined;
  const { waits, turn_error, failure, retry, denied, tools_lost } = session;
  const waiting = waits?.find(({ what }) => what === "permission") ?? waits?.[0];
  if (waiting !== undefined) {
    const value = waiting.what === "permission" ? "approval" : "question";
    return { value, at: waiting.since, reason: waitingText(waiting, waits) };
  }
  if (retry?.error === "authentication") {
    const reason = said(turnErrorWords(retry.error), `its CLI tries again, ${retry.detail}`);
    return { value: "stuck", at: retry.since, reason, ...hintOf(retry), ...causeOf(retry.error) };
  }
  if (turn_error !== undefined) {
    const { error, detail, at } = turn_error;
    const value = error === "usage_limit" || error === "authentication" ? "stuck" : "error";
    const reason = said(turnErrorWords(error), detail);
    return { value, at, reason, ...hintOf(turn_error), ...causeOf(error) };
  }
  if (failure !== undefined && failure.count >= sameFailures) {
    const reason = said(`${failure.tool} failed ${failure.count} times in a row`, failure.detail);
    return { value: "stuck", at: failure.at, reason };
  }
  if (denied !== undefined) return denial(denied);
  if (tools_lost?.remedy !== undefined) {
    const { detail: reason, remedy: hint, at } = tools_lost;
    return { value: "error", at, reason, hint };
  }
  return isWorking && isTurnOpen(session) ? silence(session, now) : undefined;
}

/** The `cause` of an agent that has used up what its service allows. */
export const usageLimitCause = "usage limit reached";

/** The failures of a model's service, which other agents meet as well. The others are about one conversation. */
const sharedFailures: readonly FailureWord[] = ["authentication", "usage_limit", "overloaded", "server"];

function causeOf(error: FailureWord): { readonly cause?: string } {
  return sharedFailures.includes(error) ? { cause: turnErrorWords(error) } : {};
}

function turnErrorWords(error: FailureWord): string {
  if (error === "usage_limit") return usageLimitCause;
  return error === "authentication" ? "authentication failed" : named("its turn failed", error);
}

/** `Bash: no rule allows it`. */
function denial({ tool, detail, count, at, ...more }: DeniedTool): Finding<"refused"> {
  const reason = `${said(tool, detail)}${count === 1 ? "" : ` (and ${count - 1} more)`}`;
  return { value: "refused", at, reason, ...hintOf(more) };
}

function hintOf({ remedy }: { readonly remedy?: string }): { readonly hint?: string } {
  return remedy === undefined ? {} : { hint: remedy };
}

function silence({ last_event_at, tools }: SessionEvidence, now: Date): Finding<"stuck"> | undefined {
  const silentMs = now.getTime() - Date.parse(last_event_at);
  if (silentMs < (tools.length === 0 ? silentAfterMs : silentInToolAfterMs)) return undefined;
  const inTool = tools.length === 0 ? "" : ` in ${tools[0]?.tool}`;
  const reason = `silent while working: no sign for ${Math.floor(silentMs / 60_000)} min${inTool}`;
  return { value: "stuck", at: last_event_at, reason };
}

/** `1 background shell`, `2 background subagents, 1 background shell`. */
export function backgroundWords(work: readonly Pick<BackgroundWork, "type">[]): string {
  const counts = new Map<string, number>();
  for (const { type } of work) counts.set(type, (counts.get(type) ?? 0) + 1);
  return [...counts]
    .map(([type, count]) => `${count} background ${type}${count === 1 ? "" : "s"}`)
    .join(", ");
}

function workText({ tools }: SessionEvidence): string {
  const [first, ...others] = tools;
  if (first === undefined) return "a turn is open";
  return others.length === 0 ? `runs ${first.tool}` : `runs ${first.tool} and ${others.length} more`;
}

function waitingText(
  { what, tool, detail }: WaitingForPerson,
  waits: readonly WaitingForPerson[] = [],
): string {
  const more = waits.length > 1 ? ` (and ${waits.length - 1} more)` : "";
  if (what === "answer") return said("waits for an answer", detail) + more;
  return said("waits for a permission", [tool, detail].filter(Boolean).join(" ")) + more;
}

function named(what: string, name: string): string {
  return name === "" ? what : `${what} (${name})`;
}

function said(what: string, words: string): string {
  return words === "" ? what : `${what}: ${words}`;
}
