// Waiting a while, or less. Nothing else.

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
