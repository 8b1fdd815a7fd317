// Decides when the fleet store writes: at once if somebody may need the change now, else a while after the last writing.

/**
 * The pause after a writing: four times as long as it took, between `least` and `most`. Without it, the records of 1,000 working agents
 * would take all that the store can do (each write is synced to the disk), and the agents need the store too.
 */
const gapMs = { least: 200, most: 2_000, forEachMs: 4 };

export interface WritingTimes {
  /** Writes now. Before it is called, `atOnce` and `soon` do nothing. */
  start(): void;
  /** Writes now. */
  atOnce(): void;
  /** Writes after the pause. */
  soon(): void;
  stop(): void;
}

/** @param isDue whether there is more to write after a writing */
export function createWritingTimes(write: () => Promise<void>, isDue: () => boolean): WritingTimes {
  let timer: NodeJS.Timeout | undefined;
  let nextAt = Number.NEGATIVE_INFINITY;
  let isStarted = false;
  let isStopped = false;
  const writeIn = (delayMs: number) => {
    if (!isStarted || isStopped) return;
    clearTimeout(timer);
    timer = setTimeout(
      async () => {
        timer = undefined;
        const startedAt = performance.now();
        nextAt = startedAt + gapMs.least;
        await write();
        nextAt = performance.now() + gapAfter(performance.now() - startedAt);
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
      if (timer === undefined) writeIn(nextAt - performance.now());
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

function gapAfter(tookMs: number): number {
  return Math.min(gapMs.most, Math.max(gapMs.least, gapMs.forEachMs * tookMs));
}
