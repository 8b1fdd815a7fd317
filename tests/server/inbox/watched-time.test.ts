import { describe, expect, test } from "bun:test";
import { createWatchedTime } from "../../../src/server/inbox/watched-time.ts";

const minuteMs = 60_000;

/** Looks every second from one time to another. */
function lookOn(time: ReturnType<typeof createWatchedTime>, keys: string[], fromMs: number, toMs: number) {
  for (let nowMs = fromMs; nowMs <= toMs; nowMs += 1_000) time.look(keys, nowMs);
}

describe("createWatchedTime()", () => {
  test("what is seen at every look lasts from the first one on", () => {
    const time = createWatchedTime(2_000);
    expect(time.lastedMs("a")).toBeUndefined();
    lookOn(time, ["a"], 5_000, 5_000 + 10 * minuteMs);
    expect(time.lastedMs("a")).toBe(10 * minuteMs);
  });

  test("an hour in which nobody looked counts as one look, and what lasted before still counts", () => {
    const time = createWatchedTime(2_000);
    lookOn(time, ["a"], 0, 9 * minuteMs);
    time.look(["a"], 69 * minuteMs);
    expect(time.lastedMs("a")).toBe(9 * minuteMs + 2_000);
  });

  test("what ended in between begins anew, and one thing says nothing of another", () => {
    const time = createWatchedTime(2_000);
    lookOn(time, ["a", "b"], 0, minuteMs);
    time.look(["b"], minuteMs + 1_000);
    time.look(["a", "b"], minuteMs + 2_000);
    expect([time.lastedMs("a"), time.lastedMs("b")]).toEqual([0, minuteMs + 2_000]);
    time.clear();
    expect([time.lastedMs("a"), time.lastedMs("b")]).toEqual([undefined, undefined]);
    time.look(["b"], 10 * minuteMs);
    expect(time.lastedMs("b")).toBe(0);
  });
});
