// Waits for a condition, with a deadline.
import { pause } from "../waiting.ts";

/**
 * Calls `check` until it returns true. If it throws, it is called again.
 * @throws Error at the deadline, with `what`
 */
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
