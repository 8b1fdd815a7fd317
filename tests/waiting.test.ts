import { describe, expect, test } from "bun:test";
import { atMost, pause } from "../src/waiting.ts";

const timed = async (work: Promise<unknown>) => {
  const startedMs = performance.now();
  await work;
  return performance.now() - startedMs;
};

describe("pause()", () => {
  test("resolves after its time", async () => {
    expect(await timed(pause(30))).toBeGreaterThanOrEqual(25);
  });

  test("resolves at once when the signal aborts, also one that was aborted before", async () => {
    const ending = new AbortController();
    const resting = timed(pause(60_000, ending.signal));
    ending.abort();
    expect(await resting).toBeLessThan(5_000);
    expect(await timed(pause(60_000, ending.signal))).toBeLessThan(5_000);
  });

  test("takes a time that is longer than a timer's longest, and does not end early", async () => {
    const ending = new AbortController();
    let isOver = false;
    const resting = pause(Number.POSITIVE_INFINITY, ending.signal).then(() => {
      isOver = true;
    });
    await pause(20);
    expect(isOver).toBe(false);
    ending.abort();
    await resting;
  });
});

describe("atMost()", () => {
  const never = new Promise<void>(() => undefined);

  test("ends with the first promise, or with the time", async () => {
    expect(await timed(atMost(60_000, never, Promise.resolve()))).toBeLessThan(5_000);
    expect(await timed(atMost(30, never))).toBeGreaterThanOrEqual(25);
  });

  test("rejects as the promise does", async () => {
    await expect(atMost(60_000, Promise.reject(new Error("no")))).rejects.toThrow("no");
  });
});
