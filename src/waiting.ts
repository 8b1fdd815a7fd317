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

/**
 * For work that takes long: returns a function that lets whatever else waits in this process go on, if nothing has for `sliceMs`. Call it between
 * steps that are much shorter than that.
 * @param nowMs a clock in ms that only goes forward
 */
export function createBreaks(sliceMs = 8, nowMs = () => performance.now()): () => Promise<void> {
  let sinceMs = nowMs();
  return async () => {
    if (nowMs() - sinceMs < sliceMs) return;
    await new Promise((resolve) => setImmediate(resolve));
    sinceMs = nowMs();
  };
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
