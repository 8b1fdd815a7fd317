// Ends processes: asks each to end, and kills it if it does not. A child is ended by its own handle. Another process is ended by
// its id, but only if it still has the start time that was read when it was found.
import type { ChildProcess } from "node:child_process";
import process from "node:process";
import { killsChildOnce } from "../runtime.ts";
import { pause } from "../waiting.ts";
import { type KnownProcess, stillRunning } from "./process-table.ts";

/** How long to wait for a process that was asked to end. */
export const endsWithinMs = 5_000;
/** How long to wait before a process is asked again. */
const askedAgainAfterMs = 1_500;
/** How long to wait for a process that was killed, because the system may need a moment to end it. */
const killedWithinMs = 2_000;
/** How long to wait for tools of a CLI that has ended. It is short, because nobody needs their results any more. */
const leftEndWithinMs = 1_000;
const lookEveryMs = 25;

export interface Child {
  terminate(): void;
  /** Whether it may need to be asked a second time. */
  readonly isAskedAgain?: boolean | undefined;
  kill(): void;
  /** Resolves when the child has ended. Must not reject. */
  readonly ended: Promise<unknown>;
}

/** Calls `terminate`, for some children twice, and `kill` after `withinMs`. Resolves when the child has ended, or 2 s after it was killed. */
export async function endProcess(child: Child, withinMs = endsWithinMs): Promise<void> {
  const over = Promise.withResolvers<void>();
  let last: ReturnType<typeof setTimeout> | undefined;
  const first = setTimeout(() => {
    child.kill();
    last = setTimeout(over.resolve, killedWithinMs);
  }, withinMs);
  const again = child.isAskedAgain === true && setTimeout(child.terminate, askedAgainAfterMs);
  child.terminate();
  await Promise.race([child.ended, over.promise]);
  clearTimeout(first);
  if (again !== false) clearTimeout(again);
  clearTimeout(last);
}

/** Whether the child has ended, or could not be started. A child that a signal has ended has no exit code. */
export function hasEnded({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid === undefined || exitCode !== null || signalCode !== null;
}

/**
 * Sends a signal to a child by its handle. If the handle cannot send one (`killsChildOnce`), sends it by the child's id, which no
 * other process gets before the child's exit code is known.
 */
export function signalChild(child: ChildProcess, signal: NodeJS.Signals): void {
  const { pid, exitCode } = child;
  if (child.kill(signal) || pid === undefined || exitCode !== null || !killsChildOnce) return;
  send(pid, signal);
}

/** Sends a signal to a child that was started `detached`, and to all processes of its group. Not on Windows, which has no groups. */
export function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid !== undefined) send(-pid, signal);
}

/** Ends processes that are not our children. Resolves with those that could not be ended. */
export async function endProcesses(found: readonly KnownProcess[]): Promise<readonly KnownProcess[]> {
  let left = found;
  for (const [signal, withinMs] of [
    ["SIGTERM", leftEndWithinMs],
    ["SIGKILL", killedWithinMs],
  ] as const) {
    left = await stillRunning(left);
    for (const { pid } of left) send(pid, signal);
    // A stopped process handles SIGTERM only after SIGCONT.
    if (signal === "SIGTERM" && process.platform !== "win32")
      for (const { pid } of left) send(pid, "SIGCONT");
    const deadline = performance.now() + withinMs;
    while (left.length > 0 && performance.now() < deadline) {
      await pause(lookEveryMs);
      left = await stillRunning(left);
    }
  }
  return left;
}

/**
 * Sends a signal to a process that is not our child, if it still runs. The caller checks later whether it has ended.
 * @throws Error `EPERM` if it is another user's
 */
export async function signalKnown(known: KnownProcess, signal: NodeJS.Signals): Promise<void> {
  if ((await stillRunning([known])).length === 0) return;
  try {
    process.kill(known.pid, signal);
  } catch (error) {
    // ESRCH: it has ended since the look.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended, or the id now belongs to another user's process. The caller checks next whether it still runs.
  }
}
