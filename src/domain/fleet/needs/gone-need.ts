// Whether an agent that is away needs a person: it died while it worked, or orders wait for it, or it did not start. Pure.
import { type CommandRecord, isFinal, isWaiting, keptAtMostMs } from "../../receipts.ts";
import { firstLineOf } from "../../text/summary.ts";
import type { AgentRecord } from "../agent-record.ts";
import type { Axes } from "../axes.ts";
import { silentAfterMs } from "../axis/link.ts";
import { statusWordOf } from "../status.ts";
import type { Need, NeedKind } from "./need.ts";

interface Gone {
  readonly kind: Extract<NeedKind, "died" | "lost">;
  readonly since: string;
  readonly how: string;
}

/**
 * Undefined if nobody has to do anything, and after a week, because orders wait no longer.
 * @param listeningSince since when heartbeats could be heard: an agent that may only not have been heard yet is not gone
 */
export function goneNeed(
  record: AgentRecord,
  axes: Axes,
  now: Date,
  listeningSince: string,
): Need | undefined {
  const word = statusWordOf(axes);
  const { activity } = axes;
  const isOld = (since: string) => now.getTime() - Date.parse(since) > keptAtMostMs;
  if (word === "failed_to_start") {
    const since = activity.at ?? record.first_seen;
    const reason = firstLineOf(activity.reason);
    return isOld(since) ? undefined : { kind: word, since, reason, cause: reason };
  }
  const gone = goneBy(word, record, axes, { now, listeningSince });
  if (gone === undefined || isOld(gone.since)) return undefined;
  const { kind, since, how } = gone;
  const wasWorking = wasCutOff(record);
  if (!wasWorking && !record.commands.some(isWaitingTask)) return undefined;
  const reason = wasWorking ? `while working: ${how}` : how;
  return { kind, since, reason, cause: how };
}

function goneBy(
  word: string,
  { heartbeat, said }: AgentRecord,
  { link, activity }: Axes,
  { now, listeningSince }: { readonly now: Date; readonly listeningSince: string },
): Gone | undefined {
  if (word === "crashed")
    return { kind: "died", since: activity.at ?? link.at ?? "", how: howOf(activity.reason) };
  if (word === "disconnected" && link.source !== "connection") {
    return { kind: "died", since: link.at ?? "", how: said?.message ?? "its host was told to end" };
  }
  if (heartbeat === undefined || link.at === undefined) return undefined;
  if (word !== "disconnected" && word !== "silent") return undefined;
  // An agent whose connection was cut connects again by itself, if it can.
  const missedSince = link.at < listeningSince ? listeningSince : link.at;
  if (now.getTime() - Date.parse(missedSince) <= silentAfterMs(heartbeat)) return undefined;
  return word === "silent"
    ? { kind: "lost", since: link.at, how: "its heartbeats are missing; it may still run" }
    : { kind: "died", since: link.at, how: "its connection is gone" };
}

/** Without what follows from it, or where more stands. */
function howOf(reason: string): string {
  return firstLineOf(reason).split(";")[0] ?? "";
}

/** Whether the agent's last run was in the middle of a turn or of a task when it ended. */
function wasCutOff({ session, said, heartbeat, commands }: AgentRecord): boolean {
  const { turn, ended, background } = session ?? {};
  if (turn !== undefined && (turn.ended_at === undefined || turn.ended_at === ended?.at)) return true;
  if (background !== undefined && ended === undefined) return true;
  if (session === undefined && (said?.status === "working" || said?.status === "blocked")) return true;
  if (heartbeat?.has_launch_task === true && turn === undefined) return true;
  return commands.some((command) => command.type === "task" && isBegun(command));
}

/** Whether the model has the task, and it is not over. */
function isBegun({ receipts }: CommandRecord): boolean {
  return receipts.some(({ state }) => state === "seen") && !receipts.some(({ state }) => isFinal(state));
}

function isWaitingTask(command: CommandRecord): boolean {
  return command.type === "task" && command.stream_seq > 0 && isWaiting(command);
}
