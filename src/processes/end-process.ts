// How a process is ended, in one place: it is asked, and killed when it does not go. A child is ended by its own handle; what is
// no child of ours by its id, and only while its start is the one that was read when it was found.
import type { ChildProcess } from "node:child_process";
import process from "node:process";
import { killsChildOnce } from "../runtime.ts";
import { pause } from "../waiting.ts";
import { type KnownProcess, stillRunning } from "./process-table.ts";

/** How long a process that was asked to end is waited for. */
export const endsWithinMs = 5_000;
/** How long a killed one is waited for: the system may be busy with it. */
const killedWithinMs = 2_000;
/** The tools of a CLI that is gone: nobody waits for what they would still do. */
const leftEndWithinMs = 1_000;
const lookEveryMs = 25;

export interface Child {
  terminate(): void;
  kill(): void;
  /** Resolves when it has ended; must not reject. */
  readonly ended: Promise<unknown>;
}

/** Resolves when it has ended, or 2 s after it was killed. */
export async function endProcess(child: Child, withinMs = endsWithinMs): Promise<void> {
  const over = Promise.withResolvers<void>();
  let last: ReturnType<typeof setTimeout> | undefined;
  const first = setTimeout(() => {
    child.kill();
    last = setTimeout(over.resolve, killedWithinMs);
  }, withinMs);
  child.terminate();
  await Promise.race([child.ended, over.promise]);
  clearTimeout(first);
  clearTimeout(last);
}

/** A process that a signal ended has no exit code; one that could not be started has neither. */
export function hasEnded({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid === undefined || exitCode !== null || signalCode !== null;
}

/** Sends a signal to a child of ours, which is not reaped before its exit code is known. */
export function signalChild(child: ChildProcess, signal: NodeJS.Signals): void {
  const { pid, exitCode } = child;
  if (child.kill(signal) || pid === undefined || exitCode !== null || !killsChildOnce) return;
  send(pid, signal);
}

/** Ends processes that are no children of ours. Resolves with those that could not be ended. */
export async function endProcesses(found: readonly KnownProcess[]): Promise<readonly KnownProcess[]> {
  let left = found;
  for (const [signal, withinMs] of [
    ["SIGTERM", leftEndWithinMs],
    ["SIGKILL", killedWithinMs],
  ] as const) {
    left = await stillRunning(left);
    for (const { pid } of left) send(pid, signal);
    // One that is stopped takes no other signal than SIGKILL before it goes on.
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

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself, or is another user's by now: whether it is still there is looked at next.
  }
}
