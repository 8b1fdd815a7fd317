import { describe, expect, test } from "bun:test";
import { createWritingTimes } from "../../../src/server/fleet/writing-times.ts";
import { pause } from "../../../src/waiting.ts";
import { leastRatio } from "../../support/quickest.ts";
import { stays, until } from "../../support/wait-for.ts";

/** Writings that each take so long; `at` has when each began, and `ended` when it ended, in ms. */
function start({
  tookMs = 0,
  records = 1,
  isDue = () => false,
}: {
  tookMs?: number;
  records?: number;
  isDue?: () => boolean;
} = {}) {
  const at: number[] = [];
  const ended: number[] = [];
  const times = createWritingTimes(async () => {
    at.push(performance.now());
    if (tookMs > 0) await pause(tookMs);
    ended.push(performance.now());
    return records;
  }, isDue);
  return {
    ...{ at, ended, times },
    writings: (count: number) => until(`${count} writings`, () => ended.length >= count),
    /** Between the end of a writing and the beginning of the next, in ms. */
    gap: (index: number) => (at[index + 1] ?? Number.NaN) - (ended[index] ?? Number.NaN),
    [Symbol.dispose]: times.stop,
  };
}

const because = "without a reason to wait, a writing begins at the next timer";
/** Timers may come a millisecond early. */
const leastGapMs = 199;

describe("createWritingTimes()", () => {
  test("writes nothing before its start, and at its start", async () => {
    using run = start();
    run.times.atOnce();
    run.times.soon();
    await stays(() => run.at.length === 0, { what: "nothing is written", because, forMs: 50 });
    run.times.start();
    await run.writings(1);
  });

  test("writes soon after a pause, however often it is asked, and at once without one", async () => {
    using run = start();
    run.times.start();
    await run.writings(1);
    for (let n = 0; n < 5; n += 1) run.times.soon();
    await run.writings(2);
    expect(run.gap(0)).toBeGreaterThanOrEqual(leastGapMs);
  });

  test("writes at once in the pause where somebody waits, and once for both", async () => {
    const half = 0.5;
    const ratio = await leastRatio(half, async () => {
      using run = start();
      run.times.start();
      await run.writings(1);
      run.times.soon();
      await run.writings(2);
      run.times.soon();
      run.times.atOnce();
      await run.writings(3);
      await stays(() => run.at.length === 3, { what: "one writing for both", because, forMs: 250 });
      return run.gap(1) / run.gap(0);
    });
    expect(ratio).toBeLessThanOrEqual(half);
  });

  test("after a long writing, pauses four times as long as that took", async () => {
    using run = start({ tookMs: 100 });
    run.times.start();
    await run.writings(1);
    run.times.soon();
    await run.writings(2);
    expect(run.gap(0)).toBeGreaterThanOrEqual(390);
  });

  test("a change during a writing waits for the pause after it, too", async () => {
    let isMoreDue = true;
    using run = start({
      tookMs: 100,
      isDue: () => {
        const before = isMoreDue;
        isMoreDue = false;
        return before;
      },
    });
    run.times.start();
    await until("the writing has begun", () => run.at.length === 1);
    run.times.soon();
    await run.writings(2);
    expect(run.gap(0)).toBeGreaterThanOrEqual(390);
  });

  test("after the writing of many records, pauses 5 ms for each, so that what changes again is written once", async () => {
    using run = start({ records: 100 });
    run.times.start();
    await run.writings(1);
    run.times.soon();
    await run.writings(2);
    expect(run.gap(0)).toBeGreaterThanOrEqual(499);
  });

  test("goes on by itself, with its pauses, as long as more is due", async () => {
    let left = 3;
    using run = start({
      isDue: () => {
        left -= 1;
        return left > 0;
      },
    });
    run.times.start();
    await run.writings(3);
    for (const index of [0, 1]) expect(run.gap(index)).toBeGreaterThanOrEqual(leastGapMs);
    await stays(() => run.at.length === 3, { what: "no more is due", because, forMs: 250 });
  });

  test("writes nothing after its stop", async () => {
    using run = start();
    run.times.start();
    await run.writings(1);
    run.times.soon();
    run.times.stop();
    run.times.atOnce();
    await stays(() => run.at.length === 1, { what: "nothing is written", because, forMs: 250 });
  });
});
