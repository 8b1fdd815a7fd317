// Since when each agent has been seen at work without a break: what waits, is paused or held breaks it, and so does a time in which nobody has
// looked, as while the machine sleeps.

/** Looks come every few seconds. So long without one, or a clock that jumps so far, breaks the work of all. */
const longestGapMs = 60_000;

export interface WorkingSpans {
  /** Notes a look at an agent. Returns since when it works, in ms since 1970; undefined if it does not work now. */
  see(id: string, isWorking: boolean, nowMs: number): number | undefined;
}

export function createWorkingSpans(): WorkingSpans {
  const spans = new Map<string, number>();
  let lookedMs: number | undefined;
  return {
    see(id, isWorking, nowMs) {
      if (lookedMs !== undefined && Math.abs(nowMs - lookedMs) > longestGapMs) spans.clear();
      lookedMs = nowMs;
      if (!isWorking) spans.delete(id);
      else if (!spans.has(id)) spans.set(id, nowMs);
      return spans.get(id);
    },
  };
}
