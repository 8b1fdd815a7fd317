import { describe, expect, test } from "bun:test";
import { pageMark, patchMark, readTrace, type TraceEvent } from "../../../src/bench/browser/trace.ts";

const place = { pid: 7, tid: 1 };
/** The mark of the traced page, by which its thread is known. */
const page: TraceEvent = { ...place, name: pageMark, ph: "I", ts: 0 };

const insides = {
  patch: { name: patchMark, ph: "I" },
  ping: { name: "FunctionCall", ph: "X", dur: 1, tdur: 1 },
  frame: { name: "Paint", ph: "X", dur: 1, tdur: 1 },
} as const;

/** A task of so many ms of CPU that took twice as long on the clock, and what happened in it. */
function task(atMs: number, cpuMs: number, ...inside: readonly (keyof typeof insides)[]): TraceEvent[] {
  const ts = atMs * 1_000;
  return [
    { ...place, name: "RunTask", ph: "X", ts, dur: cpuMs * 2_000, tdur: cpuMs * 1_000 },
    ...inside.map((what) => ({ ...place, ...insides[what], ts: ts + 1 })),
  ];
}

describe("readTrace()", () => {
  test("a patch takes what its task takes, and the next frame", () => {
    const events = [...task(10, 4, "patch"), ...task(30, 1, "ping"), ...task(50, 3, "frame")];
    expect(readTrace([page, ...events])).toMatchObject({ patches: [7], cpuMs: 8 });
  });

  test("two patches before one frame: the frame is made once, so it counts once", () => {
    const events = [...task(10, 4, "patch"), ...task(30, 5, "patch"), ...task(50, 3, "frame")];
    expect(readTrace([page, ...events]).patches).toEqual([4, 8]);
  });

  test("a frame without a patch before it counts for none, and a patch at the end is not lost", () => {
    const events = [...task(10, 2, "frame"), ...task(30, 5, "patch", "frame")];
    expect(readTrace([page, ...events]).patches).toEqual([5]);
  });

  test("a frame takes all CPU time since the frame before it; what no frame shows does not count", () => {
    const events = [...task(10, 2, "frame"), ...task(30, 5, "ping"), ...task(60, 1, "frame"), ...task(90, 9)];
    expect(readTrace([page, ...events]).frames).toEqual([2, 6]);
  });

  test("names the longest frame of each second, by CPU time and not by the clock", () => {
    const events = [...task(100, 20, "frame"), ...task(400, 30, "frame"), ...task(2_100, 9, "frame")];
    expect(readTrace([page, ...events]).longest).toEqual([30, 9]);
  });

  test("reads the page's renderer alone, however busy another one is, and no task within a task", () => {
    const events = [...task(10, 4), ...task(11, 1), ...task(90, 5)];
    const others = [1, 2, 3, 4].flatMap((at) => task(at * 100, 99).map((each) => ({ ...each, pid: 9 })));
    expect(readTrace([...others, page, ...events]).cpuMs).toBe(9);
  });

  test("fails if there is no page, because then nothing was measured", () => {
    expect(() => readTrace(task(10, 4))).toThrow("no page");
  });
});
