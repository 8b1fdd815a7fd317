// Decides whether an agent is at work, and whether its work has ended. Pure.
import type { AgentView } from "../fleet/agent-view.ts";
import type { Activity } from "../fleet/axes.ts";
import { outcomeOf, type WaitOutcome } from "../wait-outcome.ts";

const busy: readonly Activity[] = ["working", "retrying", "waiting"];

/** Not while it starts: an agent that was launched without a task does nothing then. */
export function isAtWork({ axes }: AgentView): boolean {
  return axes.link.value === "online" && busy.includes(axes.activity.value);
}

/**
 * How the work of an agent that was at work has ended; undefined while it goes on, or while nobody can tell.
 * @param listeningSince since when heartbeats are heard, RFC 3339
 */
export function workEndOf(view: AgentView, now: Date, listeningSince: string): WaitOutcome | undefined {
  return isAtWork(view) ? undefined : outcomeOf(view, "done", now, listeningSince);
}
