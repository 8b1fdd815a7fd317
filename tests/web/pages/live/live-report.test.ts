// When an open page that reports is read again, and what its stream then sends.
import { describe, expect, test } from "bun:test";
import { silentLogger } from "../../../../src/log.ts";
import type { StreamSource } from "../../../../src/web/api/event-stream.ts";
import type { Part } from "../../../../src/web/pages/changed-parts.ts";
import { createLiveReport, withReport } from "../../../../src/web/pages/live/live-report.ts";

/** A report of one part, with a clock and a version that the test sets. */
function reportOf(madeOf?: unknown) {
  const state = { nowMs: 0, version: "a" as unknown, html: "<p>1</p>", reads: 0, fails: false };
  const read = async (): Promise<Part[]> => {
    state.reads += 1;
    if (state.fails) throw new Error("NATS is away");
    return [{ id: "part", part: state.html }];
  };
  const report = createLiveReport(
    { read, everyMs: 2_000, version: () => state.version, madeOf },
    { nowMs: () => state.nowMs, log: silentLogger },
  );
  /** Looks at a time; what was read then comes with the next look. */
  const lookAt = async (nowMs: number) => {
    state.nowMs = nowMs;
    const before = [...report.take()];
    // A reading that has begun ends within a few steps.
    for (let step = 0; step < 8; step += 1) await Promise.resolve();
    return [...before, ...report.take()];
  };
  return { state, report, lookAt };
}

describe("createLiveReport()", () => {
  test("reads nothing while nothing has changed", async () => {
    const { state, lookAt } = reportOf("a");
    for (const nowMs of [0, 2_000, 60_000]) expect(await lookAt(nowMs)).toEqual([]);
    expect(state.reads).toBe(0);
  });

  test("reads again after a change, but not sooner than it may, and sends only what differs", async () => {
    const { state, lookAt } = reportOf("a");
    state.version = "b";
    expect(await lookAt(1_999)).toEqual([]);
    expect(await lookAt(2_000)).toEqual(["<p>1</p>"]);
    state.version = "c";
    expect(await lookAt(3_000)).toEqual([]);
    expect(await lookAt(4_000)).toEqual([]);
    expect(state.reads).toBe(2);
    state.version = "d";
    state.html = "<p>2</p>";
    expect(await lookAt(6_000)).toEqual(["<p>2</p>"]);
    expect(await lookAt(60_000)).toEqual([]);
    expect(state.reads).toBe(3);
  });

  test("reads again what could not be read", async () => {
    const { state, lookAt } = reportOf();
    state.fails = true;
    expect(await lookAt(2_000)).toEqual([]);
    state.fails = false;
    expect(await lookAt(3_000)).toEqual([]);
    expect(await lookAt(4_000)).toEqual(["<p>1</p>"]);
  });

  test("wakes the stream when a reading has found a change, until it is closed", async () => {
    const { state, report, lookAt } = reportOf();
    let wakes = 0;
    const stop = report.watch(() => {
      wakes += 1;
    });
    await lookAt(2_000);
    expect(wakes).toBe(1);
    stop();
    state.version = "b";
    state.html = "<p>2</p>";
    await lookAt(4_000);
    expect(wakes).toBe(1);
  });
});

describe("withReport()", () => {
  const now = () => new Date("2026-11-30T00:00:00Z");
  const sourceOf = (...events: ReturnType<StreamSource["next"]>): StreamSource => ({
    next: () => events,
    watch: () => () => {},
  });
  const report = { take: () => ["<p>own</p>"], watch: () => () => {} };
  const at = now().toISOString();

  test("adds the parts to the patch that is due, and else makes one without a position", () => {
    const patch = { event: "patch", id: "i-7", data: { now: "then", html: ["<p>other</p>"], gone: ["ada"] } };
    const hello = { event: "hello", data: {} };
    expect(withReport(sourceOf(hello, patch), report, now).next()).toEqual([
      hello,
      { event: "patch", id: "i-7", data: { now: at, html: ["<p>other</p>", "<p>own</p>"], gone: ["ada"] } },
    ]);
    expect(withReport(sourceOf(), report, now).next()).toEqual([
      { event: "patch", data: { now: at, html: ["<p>own</p>"] } },
    ]);
  });

  test("leaves the stream alone while the report has nothing", () => {
    const ping = { event: "ping", data: {} };
    expect(withReport(sourceOf(ping), { ...report, take: () => [] }, now).next()).toEqual([ping]);
  });
});
