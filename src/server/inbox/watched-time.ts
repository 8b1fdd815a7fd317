// Measures for how long something has been seen to last, by looks at a monotonic clock that is passed in. Time in which nobody looked
// (no serve ran, it was suspended, or it was cut off from NATS) counts as one look at most.

export interface WatchedTime {
  /** Looks at what lasts now, by its keys. What is not among them has ended, and begins anew when it comes back. */
  look(keys: Iterable<string>, nowMs: number): void;
  /** For how long it has lasted, in ms; undefined if it did not last at the last look. */
  lastedMs(key: string): number | undefined;
  /** Forgets everything. */
  clear(): void;
}

/** @param mostBetweenMs what two looks may be apart to count in full */
export function createWatchedTime(mostBetweenMs: number): WatchedTime {
  let lasted = new Map<string, number>();
  let lookedAtMs: number | undefined;
  return {
    look(keys, nowMs) {
      const sinceLastMs = Math.min(nowMs - (lookedAtMs ?? nowMs), mostBetweenMs);
      lookedAtMs = nowMs;
      const next = new Map<string, number>();
      for (const key of keys) {
        const before = lasted.get(key);
        next.set(key, before === undefined ? 0 : before + sinceLastMs);
      }
      lasted = next;
    },
    lastedMs: (key) => lasted.get(key),
    clear() {
      lasted = new Map();
      lookedAtMs = undefined;
    },
  };
}
