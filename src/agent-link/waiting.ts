// Waiting a while, or less: until a signal, or for a promise. Nothing else.

/** Resolves after `ms`, or at once when the signal aborts. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const abort = () => resolve();
  signal.addEventListener("abort", abort, { once: true });
  await promise;
  clearTimeout(timer);
  signal.removeEventListener("abort", abort);
}

/** Waits for the promise, for `ms` at most. Rejects as it does. */
export async function atMost(ms: number, promise: Promise<unknown>): Promise<void> {
  const isOver = new AbortController();
  try {
    await Promise.race([promise, pause(ms, isOver.signal)]);
  } finally {
    isOver.abort();
  }
}
