import { expect, test } from "bun:test";
import { checkMemory } from "../../../src/bench/soak/measure.ts";
import { type MemorySample, memoryTrend } from "../../../src/bench/soak/memory-trend.ts";

const runS = 600;

/** A heap that is tidied every 20 s, over what is kept. */
function samplesOf(keptMb: (atS: number) => number): MemorySample[] {
  return Array.from({ length: 200 }, (_, n) => {
    const atS = runS * 0.3 + n * ((runS * 0.7) / 200);
    const garbageMb = (atS % 20) * 2;
    return { atS, serve_mb: keptMb(atS) + garbageMb, nats_mb: 60 + garbageMb };
  });
}

const verdicts = (keptMb: (atS: number) => number) =>
  checkMemory(samplesOf(keptMb), runS * 1_000).map(({ isOk }) => isOk);

test.each([
  ["what rises to a plateau in the first half", (atS: number) => 80 + 40 * Math.min(1, atS / 280)],
  ["what is level, and is garbage all the while", () => 80],
  ["what is once more than before, and level again", (atS: number) => 80 + (atS > 430 && atS < 460 ? 60 : 0)],
])("%s has come to rest", (_, keptMb) => {
  expect(verdicts(keptMb)).toEqual([true, true]);
});

test.each([
  ["what grows by 2 MB a minute, less than the garbage hides", (atS: number) => 80 + atS / 30],
  ["what grows faster and faster", (atS: number) => 80 + (atS / 100) ** 2],
  ["what grows from a low beginning", (atS: number) => 20 + atS / 20],
])("%s has not", (_, keptMb) => {
  expect(verdicts(keptMb)).toEqual([false, true]);
});

test("nats-server may fill a block in the second half, and not two", () => {
  const stepOf = (mb: number) =>
    memoryTrend(
      samplesOf(() => 0).map((sample) => ({
        ...sample,
        nats_mb: sample.nats_mb + (sample.atS > 450 ? mb : 0),
      })),
      "nats_mb",
      runS,
    );
  const isAtRest = ({ growthMb, mostMb }: ReturnType<typeof memoryTrend>) => growthMb <= mostMb;
  expect([stepOf(12), stepOf(32)].map(isAtRest)).toEqual([true, false]);
});

test("in a run of two minutes the heap of a serve that was just started may fill, and no more than that; in one of an hour it may not", () => {
  const isAtRest = (runS: number, growthMb: number) => {
    const samples = Array.from({ length: 200 }, (_, n) => {
      const atS = (n * runS) / 200;
      return { atS, serve_mb: 80 + (growthMb * Math.max(0, atS - runS / 2)) / (runS / 2), nats_mb: 60 };
    });
    const trend = memoryTrend(samples, "serve_mb", runS);
    return trend.growthMb <= trend.mostMb;
  };
  expect([isAtRest(120, 15), isAtRest(120, 30), isAtRest(3_600, 15)]).toEqual([true, false, false]);
});

test("a trend says by how much the floors of the second half rose, and over how long", () => {
  const trend = memoryTrend(
    samplesOf((atS) => 80 + atS / 30),
    "serve_mb",
    runS,
  );
  expect(trend.growthMb).toBeWithin(7, 11);
  expect(trend.overS).toBeWithin(290, 300);
  expect(trend.floorsMb).toHaveLength(8);
});

test("too few samples are no trend, and are not taken for one", () => {
  expect(() => memoryTrend(samplesOf(() => 80).slice(0, 60), "serve_mb", runS)).toThrow(RangeError);
});
