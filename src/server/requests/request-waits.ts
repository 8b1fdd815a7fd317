// Waits for a request: until it is decided, or until this serve has read it back from the bucket.
import { type AgentRequest, isOpen } from "../../domain/requests.ts";

export interface RequestWaits {
  /** Resolves with the request when it has ended; or as it is when the time is over or the signal aborts. */
  forEnd(requestId: string, timeoutMs: number, signal?: AbortSignal): Promise<AgentRequest | undefined>;
  /** Resolves when this serve has read the request, or when the time is over. */
  forReading(requestId: string, timeoutMs: number): Promise<void>;
  /** Ends the timers: what waits now may never resolve. */
  stop(): void;
}

/** @param listeners called with each request that is read */
export function createRequestWaits(
  requests: ReadonlyMap<string, AgentRequest>,
  listeners: Set<(request: AgentRequest) => void>,
): RequestWaits {
  const timers = new Set<NodeJS.Timeout>();
  /** Resolves with the result of `look` as soon as it is defined; with the result of `giveUp` when the time is over or the signal aborts. */
  const wait = async <T>(
    look: () => T | undefined,
    giveUp: () => T,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<T> => {
    const { promise, resolve } = Promise.withResolvers<T>();
    const lookAgain = () => {
      const found = look();
      if (found !== undefined) resolve(found);
    };
    const end = () => resolve(giveUp());
    const timer = setTimeout(end, timeoutMs);
    timers.add(timer);
    signal?.addEventListener("abort", end, { once: true });
    listeners.add(lookAgain);
    lookAgain();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      timers.delete(timer);
      signal?.removeEventListener("abort", end);
      listeners.delete(lookAgain);
    }
  };
  return {
    forEnd(requestId, timeoutMs, signal) {
      const look = () => {
        const request = requests.get(requestId);
        return request !== undefined && !isOpen(request) ? request : undefined;
      };
      return wait<AgentRequest | undefined>(look, () => requests.get(requestId), timeoutMs, signal);
    },
    async forReading(requestId, timeoutMs) {
      await wait<AgentRequest | undefined>(
        () => requests.get(requestId),
        () => undefined,
        timeoutMs,
      );
    },
    stop() {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
