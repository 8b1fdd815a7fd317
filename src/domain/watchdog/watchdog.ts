// This room decides what the watchdog of an agent finds: calls that fail again and again, a turn in which nothing happens or no file is
// changed, a context that is nearly full. Pure.
import type { AgentRecord } from "../fleet/agent-record.ts";
import { isTurnOpen } from "../fleet/session-evidence.ts";
import { harmless } from "../text/harmless.ts";
import { summaryOf } from "../text/summary.ts";
import { contextFilled } from "../usage.ts";
import type { FailingCall } from "./failing-calls.ts";
import type { Watchdog } from "./watchdog-keys.ts";

export interface Finding {
  readonly what: "failing" | "silent" | "unchanged" | "context";
  /** For a person. */
  readonly words: string;
  /** Another one, if the same comes up anew after a person has let the agent go on. */
  readonly cause: string;
}

/**
 * @param failing the call that has failed most often, in the agent's present run
 * @param changedMs when a tool of it has last changed a file, in ms since 1970; undefined if none was seen
 * @param workingSinceMs since when it works without a break, in ms since 1970: before that, its silence is none; undefined if it does not work
 */
export function watchdogFindings(
  { session, usage }: Pick<AgentRecord, "session" | "usage">,
  { same_call, silent_min, unchanged_min, context_percent }: Watchdog,
  {
    failing,
    changedMs = 0,
    workingSinceMs,
    now,
  }: {
    readonly failing: FailingCall | undefined;
    readonly changedMs?: number | undefined;
    readonly workingSinceMs: number | undefined;
    readonly now: Date;
  },
): Finding[] {
  const findings: Finding[] = [];
  if (failing !== undefined && failing.times >= same_call) {
    const call = harmless(summaryOf(`${failing.tool} ${failing.input}`.trim()));
    findings.push({
      what: "failing",
      words: `${call} has failed ${failing.times} times, and nothing has changed`,
      cause: `${call} ${Math.floor(failing.times / same_call)}`,
    });
  }
  if (workingSinceMs !== undefined && session !== undefined && isTurnOpen(session)) {
    const sinceMs = Math.max(workingSinceMs, Date.parse(session.last_event_at));
    const minutes = Math.floor((now.getTime() - sinceMs) / 60_000);
    if (minutes >= silent_min) {
      const words = `no event and no changed file for ${silent_min} minutes of its turn`;
      findings.push({ what: "silent", words, cause: session.last_event_at });
    }
  }
  if (unchanged_min !== undefined && workingSinceMs !== undefined && session && isTurnOpen(session)) {
    const turnMs = Date.parse(session.turn?.since ?? session.started_at);
    const sinceMs = Math.max(workingSinceMs, turnMs, changedMs);
    if (now.getTime() - sinceMs >= unchanged_min * 60_000) {
      const words = `no tool has changed a file for ${unchanged_min} minutes of its turn`;
      findings.push({ what: "unchanged", words, cause: new Date(sinceMs).toISOString() });
    }
  }
  const filled = usage === undefined ? undefined : contextFilled(usage);
  if (filled !== undefined && filled >= context_percent) {
    findings.push({ what: "context", words: `${filled} % of its context are filled`, cause: "full" });
  }
  return findings;
}
