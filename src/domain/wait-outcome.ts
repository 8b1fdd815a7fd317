// Decides for `cliai wait` whether an agent has reached the goal, or cannot reach it any more, and why. Pure.
import type { AgentView } from "./fleet/agent-view.ts";
import { silentAfterMs } from "./fleet/axis/link.ts";
import { decidingSession, lastRunOf } from "./fleet/evidence-that-counts.ts";
import { needText } from "./fleet/needs/need.ts";
import { type CommandRecord, isFinal, launchTaskId } from "./receipts.ts";

export const waitGoals = ["done", "idle", "needs-you"] as const;
export type WaitGoal = (typeof waitGoals)[number];

export interface WaitOutcome {
  /**
   * The goal if it was reached. `failed`: the agent's turn, task or start has failed. `lost`: three of its heartbeats are missing. `ended`: it
   * has ended by itself without reaching the goal.
   */
  readonly outcome: WaitGoal | "failed" | "crashed" | "lost" | "ended" | "stopped" | "refused";
  readonly reason: string;
}

/** The exit code. `ended` is 4, like a timeout, because an agent that has ended cannot answer any more. */
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

/**
 * Undefined while the agent may still reach the goal.
 * @param listeningSince since when heartbeats are listened for, RFC 3339: before, none could come
 */
export function outcomeOf(
  view: AgentView,
  goal: WaitGoal,
  now: Date,
  listeningSince = "",
): WaitOutcome | undefined {
  const gone = goneOutcome(view, goal, { now, listeningSince });
  if (gone !== undefined) return gone;
  if (view.axes.link.value !== "online") return undefined;
  if (goal === "needs-you") {
    const [need] = view.needs;
    return need === undefined ? undefined : { outcome: goal, reason: needText(need) };
  }
  // The agent is about to be stopped. A turn that the stop breaks off has not failed.
  if (view.axes.control.value === "stop_requested") return undefined;
  if (!isAtRest(view) || goesOnAfterLimit(view, now)) return undefined;
  return goal === "idle" ? { outcome: goal, reason: view.axes.activity.reason } : judgeWork(view);
}

/** Serve looks twice a second. */
const heldWithinMs = 5_000;

/** Whether a usage limit holds the agent, after whose end it goes on by itself; or its turn has just failed at one, and it may not be held yet. */
function goesOnAfterLimit({ holds = [], session, heartbeat }: AgentView, now: Date): boolean {
  if (holds.some(({ reason, until }) => reason === "usage_limit" && until !== undefined)) return true;
  const { error, at = "" } = session?.turn_error ?? {};
  if (error !== "usage_limit" || (heartbeat?.on_limit ?? "resume") !== "resume") return false;
  return Math.abs(now.getTime() - Date.parse(at)) < heldWithinMs;
}

/** The outcome for an agent whose run is over, or that is silent. Undefined if only its connection is gone, because it may come back. */
function goneOutcome(
  view: AgentView,
  goal: WaitGoal,
  { now, listeningSince }: { readonly now: Date; readonly listeningSince: string },
): WaitOutcome | undefined {
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
  if (heartbeat === undefined) return undefined;
  const silentSince = heartbeat.at < listeningSince ? listeningSince : heartbeat.at;
  const isLost = now.getTime() - Date.parse(silentSince) > silentAfterMs(heartbeat);
  return isLost ? { outcome: "lost", reason: axes.link.reason } : undefined;
}

/** The outcome for a run that has ended: `failed` if it was in a turn, if it never took the task of its launch, or if a task is left. */
function judgeEnded(view: AgentView, reason: string): WaitOutcome {
  const { turn, ended } = view.session ?? {};
  // With another status than `ended` the run was told to end (for example, its window was closed), maybe during a turn.
  const wasCutOff = view.status !== "ended" && turn !== undefined && turn.ended_at === ended?.at;
  if (wasCutOff) return { outcome: "failed", reason: `${reason}, in the middle of a turn` };
  if (failedLaunchTask(view) === undefined && hasUntakenLaunchTask(view)) {
    return { outcome: "failed", reason: `${reason}; it had not taken its task` };
  }
  const left = tasksOf(view).find((task) => !isOverAfter(task, turn?.ended_at));
  if (left === undefined) return judgeWork(view);
  return { outcome: "failed", reason: `${reason}; its task "${left.summary}" is ${lastState(left)}` };
}

/** Whether the agent works on nothing, and no task waits for it. */
function isAtRest(view: AgentView): boolean {
  const { activity } = view.axes;
  const session = decidingSession(view);
  // Heartbeats may still say `has_launch_task` after the task has begun. The first turn shows that it has begun.
  if (view.heartbeat?.has_launch_task === true && session?.turn === undefined) return false;
  const tasks = tasksOf(view);
  // If the CLI does not tell its turns, only the agent's acknowledgements show that its tasks are over.
  if (activity.value === "unknown") {
    return activity.source === "none" && tasks.length > 0 && tasks.every((task) => isOverAfter(task, ""));
  }
  if (activity.value !== "idle" && activity.value !== "done" && activity.value !== "failed") return false;
  const restsSince = session === undefined ? activity.at : session.turn?.ended_at;
  return tasks.every((task) => isOverAfter(task, restsSince, session === undefined));
}

/** The outcome of the agent's last work: not `done` if its turn failed, or if a task has failed since the last prompt. */
function judgeWork(view: AgentView): WaitOutcome {
  const { activity } = view.axes;
  if (activity.value === "failed") return { outcome: "failed", reason: activity.reason };
  const { turn_error, last_prompt_at = "" } = view.session ?? {};
  if (turn_error !== undefined) {
    return { outcome: "failed", reason: `its turn failed (${turn_error.error}): ${turn_error.detail}` };
  }
  const last = (failedLaunchTask(view) ?? tasksOf(view).at(-1))?.receipts.at(-1);
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
 * The task with which the present run was launched, if its host has reported that it failed. The host does so at the end of a run that never took
 * the task. This task is not among {@link tasksOf}, because it is not stored in COMMANDS.
 */
function failedLaunchTask(view: AgentView): CommandRecord | undefined {
  const run = lastRunOf(view);
  if (run === undefined) return undefined;
  const task = view.commands.find(({ command_id }) => command_id === launchTaskId(run));
  return task?.receipts.at(-1)?.state === "failed" ? task : undefined;
}

/** Whether the present run was launched with a task and has begun no turn. False if no hook could tell that it has. */
function hasUntakenLaunchTask({ heartbeat, session }: AgentView): boolean {
  if (heartbeat?.has_launch_task !== true || heartbeat.unheld !== undefined) return false;
  const isOfEarlierRun = session?.instance_id !== undefined && session.instance_id !== heartbeat.instance_id;
  return session?.turn === undefined || isOfEarlierRun;
}

/**
 * Whether the task is over: it has a final receipt, or the agent got it and has come to rest since.
 * @param withoutEvidence whether there are no session events; then `injected` shows that the agent got it
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
