// Decides when the fleet store writes: at once if somebody may need the change now, else a while after the last writing.

/**
 * The pause after a writing, between `least` and `most`: four times as long as it took, and 5 ms for each record. Without it, the records of
 * 1,000 working agents would take all that the store can do, and the agents need the store too. A record that changes in the pause
 * again is written once.
 */
const gapMs = { least: 200, most: 2_000, forEachMs: 4, forEachRecord: 5 };

export interface WritingTimes {
  /** Writes now. Before it is called, `atOnce` and `soon` do nothing. */
  start(): void;
  /** Writes now. */
  atOnce(): void;
  /** Writes after the pause. */
  soon(): void;
  stop(): void;
}

/**
 * @param write returns how many records it has written
 * @param isDue whether there is more to write after a writing
 */
export function createWritingTimes(write: () => Promise<number>, isDue: () => boolean): WritingTimes {
  let timer: NodeJS.Timeout | undefined;
  let nextAt = Number.NEGATIVE_INFINITY;
  let writing = 0;
  let isStarted = false;
  let isStopped = false;
  const writeIn = (delayMs: number) => {
    if (!isStarted || isStopped) return;
    clearTimeout(timer);
    timer = setTimeout(
      async () => {
        timer = undefined;
        const startedAt = performance.now();
        writing += 1;
        const records = await write();
        writing -= 1;
        nextAt = performance.now() + gapAfter(performance.now() - startedAt, records);
        if (isDue() && timer === undefined) writeIn(nextAt - performance.now());
      },
      Math.max(0, delayMs),
    );
  };
  return {
    start() {
      isStarted = true;
      writeIn(0);
    },
    atOnce: () => writeIn(0),
    soon() {
      // While it writes, nobody knows yet how long the pause will be. What changes meanwhile is due after the writing.
      if (timer === undefined && writing === 0) writeIn(nextAt - performance.now());
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

function gapAfter(tookMs: number, records: number): number {
  const wantedMs = Math.max(gapMs.forEachMs * tookMs, gapMs.forEachRecord * records);
  return Math.min(gapMs.most, Math.max(gapMs.least, wantedMs));
}
