// Measures how long states have lasted, from regular looks, by a monotonic clock that is passed in. Time without looks (no serve ran, it
// was suspended, or it was cut off from NATS) counts for at most `mostBetweenMs`.

export interface WatchedTime {
  /** Notes the keys of the states that last now. A state whose key is missing has ended; if it comes back, its time begins anew. */
  look(keys: Iterable<string>, nowMs: number): void;
  /** How long the state has lasted, in ms; undefined if its key was missing at the last look. */
  lastedMs(key: string): number | undefined;
  /** Forgets everything. */
  clear(): void;
}

/** @param mostBetweenMs the most that the time between two looks counts */
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
