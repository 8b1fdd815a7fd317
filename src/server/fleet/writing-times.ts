// When the fleet store writes: at once for what nobody may wait for, else a while after the last writing.

/**
 * From one writing to the next: four times what the last one took, within these bounds. The store is the agents', too: with
 * 1,000 of them at work and each write on the disk before the next, the records alone would take all it can.
 */
const gapMs = { least: 200, most: 2_000, forEachMs: 4 };

export interface WritingTimes {
  /** Writes now, and from here on whenever it is asked to; nothing is written before. */
  start(): void;
  atOnce(): void;
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
