// Decides whether an agent is where `cliai wait` waits for it, or cannot get there any more, and why. Pure.
import type { AgentView } from "./fleet/agent-view.ts";
import { decidingSession } from "./fleet/evidence-that-counts.ts";
import { silentAfterMs } from "./fleet/status.ts";
import { type CommandRecord, isFinal } from "./receipts.ts";

export const waitGoals = ["done", "idle", "needs-you"] as const;
export type WaitGoal = (typeof waitGoals)[number];

export interface WaitOutcome {
  /**
   * The goal itself; `failed`: its turn, its task or its start; `lost`: it was not heard of for three heartbeats; `ended`: by itself, without
   * what was waited for.
   */
  readonly outcome: WaitGoal | "failed" | "crashed" | "lost" | "ended" | "stopped" | "refused";
  readonly reason: string;
}

/** Exit codes of contract §9. An agent that has ended can give no answer any more: that is known at once, and not when time is up. */
export function exitCodeOfOutcome({ outcome }: WaitOutcome): number {
  switch (outcome) {
    case "done":
    case "idle":
    case "needs-you":
      return 0;
    case "failed":
    case "crashed":
    case "lost":
      return 1;
    case "ended":
      return 4;
    case "stopped":
    case "refused":
      return 5;
  }
}

/** Undefined while the agent may still get there. */
export function outcomeOf(view: AgentView, goal: WaitGoal, now: Date): WaitOutcome | undefined {
  const gone = goneOutcome(view, goal, now);
  if (gone !== undefined) return gone;
  if (view.axes.link.value !== "online") return undefined;
  if (goal === "needs-you") {
    const { value, reason } = view.axes.attention;
    return value === "none" || value === "unseen" ? undefined : { outcome: goal, reason };
  }
  if (!isAtRest(view)) return undefined;
  return goal === "idle" ? { outcome: goal, reason: view.axes.activity.reason } : judgeWork(view);
}

/** Of an agent whose run is over, or that nobody hears. Undefined for one whose connection is gone and may be back. */
function goneOutcome(view: AgentView, goal: WaitGoal, now: Date): WaitOutcome | undefined {
  const { status, said, heartbeat, axes } = view;
  const reason = said?.message ?? axes.link.reason;
  if (axes.control.value === "stopped") return { outcome: "stopped", reason };
  if (status === "failed_to_start")
    return { outcome: "failed", reason: `it could not be started: ${reason}` };
  if (status === "crashed") return { outcome: "crashed", reason };
  if (axes.link.value === "online" || axes.link.value === "never") return undefined;
  if (axes.link.value === "offline" && axes.link.source !== "connection") {
    return goal === "done" ? judgeEnded(view, reason) : { outcome: "ended", reason };
  }
  const isLost =
    heartbeat !== undefined && now.getTime() - Date.parse(heartbeat.at) > silentAfterMs(heartbeat);
  return isLost ? { outcome: "lost", reason: axes.link.reason } : undefined;
}

/** A run that ended by itself has done its work where nothing of that is left. */
function judgeEnded(view: AgentView, reason: string): WaitOutcome {
  const { turn, ended } = view.session ?? {};
  // Another word than `ended` says that it was told to end, as by its window: maybe in the middle of a turn.
  const wasCutOff = view.status !== "ended" && turn !== undefined && turn.ended_at === ended?.at;
  if (wasCutOff) return { outcome: "failed", reason: `${reason}, in the middle of a turn` };
  const left = tasksOf(view).find((task) => !isOverAfter(task, turn?.ended_at));
  if (left === undefined) return judgeWork(view);
  return { outcome: "failed", reason: `${reason}; its task "${left.summary}" is ${lastState(left)}` };
}

/** Whether it works on nothing, and nothing that it shall work on waits. */
function isAtRest(view: AgentView): boolean {
  const { activity } = view.axes;
  const session = decidingSession(view);
  // The heartbeat may say so for a while longer: the first turn shows that it has begun.
  if (view.heartbeat?.has_launch_task === true && session?.turn === undefined) return false;
  const tasks = tasksOf(view);
  // An agent whose CLI tells nothing of its turns: only what it has acknowledged is known.
  if (activity.value === "unknown") {
    return activity.source === "none" && tasks.length > 0 && tasks.every((task) => isOverAfter(task, ""));
  }
  if (activity.value !== "idle" && activity.value !== "done" && activity.value !== "failed") return false;
  const restsSince = session === undefined ? activity.at : session.turn?.ended_at;
  return tasks.every((task) => isOverAfter(task, restsSince, session === undefined));
}

/** What became of its last work: a failed turn counts, and an order that failed since the last prompt. */
function judgeWork(view: AgentView): WaitOutcome {
  const { activity } = view.axes;
  if (activity.value === "failed") return { outcome: "failed", reason: activity.reason };
  const { turn_error, last_prompt_at = "" } = view.session ?? {};
  if (turn_error !== undefined) {
    return { outcome: "failed", reason: `its turn failed (${turn_error.error}): ${turn_error.detail}` };
  }
  const last = tasksOf(view).at(-1)?.receipts.at(-1);
  if (last !== undefined && last.at >= last_prompt_at) {
    const reason = `its task was ${last.state}${last.detail === undefined ? "" : `: ${last.detail}`}`;
    if (last.state === "refused") return { outcome: "refused", reason };
    if (last.state === "failed" || last.state === "expired") return { outcome: "failed", reason };
  }
  return { outcome: "done", reason: activity.reason };
}

function tasksOf({ commands }: AgentView): CommandRecord[] {
  return commands.filter(({ type, stream_seq }) => type === "task" && stream_seq > 0);
}

/**
 * Whether the task is over: it has an end, or the agent was given it and came to rest after that.
 * @param withoutEvidence whether the session shows nothing: then `injected` says that it was given
 */
function isOverAfter(
  { receipts }: CommandRecord,
  restsSince: string | undefined,
  withoutEvidence = false,
): boolean {
  const last = receipts.at(-1);
  if (last === undefined) return false;
  if (isFinal(last.state)) return true;
  const isGiven = last.state === "seen" || (withoutEvidence && last.state === "injected");
  return isGiven && restsSince !== undefined && restsSince >= last.at;
}

function lastState({ receipts }: CommandRecord): string {
  return receipts.at(-1)?.state ?? "not stored";
}
