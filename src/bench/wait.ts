// Waiting with a deadline: for a condition, and for no longer than that.
import { pause } from "../waiting.ts";

/** Calls `check` until it is true; one that throws counts as not yet. @throws Error at the deadline, naming what was awaited */
export async function waitUntil(
  check: () => boolean | Promise<boolean>,
  { what, deadlineMs = 30_000, everyMs = 20 }: { what: string; deadlineMs?: number; everyMs?: number },
): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  let failure: unknown;
  while (performance.now() < deadline) {
    try {
      if (await check()) return;
    } catch (error) {
      failure = error;
    }
    await pause(everyMs);
  }
  throw new Error(`not within ${deadlineMs} ms: ${what}`, { cause: failure });
}
