// Waits for a time, or for a promise with a deadline. Every room waits by these functions.

/** A longer wait is made of several timers, because one timer of Node.js and Bun waits for 24 days at most. */
const longestTimerMs = 86_400_000;

/** Resolves after `ms`, or as soon as the signal aborts. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  let leftMs = ms;
  do {
    if (signal?.aborted === true) return;
    await timerOrAbort(Math.max(0, Math.min(leftMs, longestTimerMs)), signal);
    leftMs -= longestTimerMs;
  } while (leftMs > 0);
}

/** Waits until the first of the promises settles, but for `ms` at most. Rejects if that promise rejects. */
export async function atMost(ms: number, ...promises: readonly Promise<unknown>[]): Promise<void> {
  const isOver = new AbortController();
  try {
    await Promise.race([...promises, pause(ms, isOver.signal)]);
  } finally {
    isOver.abort();
  }
}

async function timerOrAbort(ms: number, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = () => resolve();
  const timer = setTimeout(end, ms);
  signal?.addEventListener("abort", end, { once: true });
  await promise;
  clearTimeout(timer);
  signal?.removeEventListener("abort", end);
}
