import { describe, expect, test } from "bun:test";
import { createFrameSender, type FrameBody } from "../../../src/host/screen/frame-sender.ts";
import { silentLogger } from "../../../src/log.ts";
import { until } from "../../support/wait-for.ts";

function senderOf() {
  const frames: FrameBody[] = [];
  const times: number[] = [];
  const state = { isWatched: true, isConnected: true, text: "one", listeners: new Set<() => void>() };
  const sender = createFrameSender({
    publish(frame) {
      if (!state.isConnected) return false;
      frames.push(frame);
      times.push(performance.now());
      return true;
    },
    isWatched: () => state.isWatched,
    typist: () => undefined,
    log: silentLogger,
  });
  sender.show({
    onChange(listener) {
      state.listeners.add(listener);
      return () => state.listeners.delete(listener);
    },
    read: () =>
      Promise.resolve({
        ...{ columns: 20, rows: 2, cursor: { row: 0, column: 3 } },
        lines: [[{ text: state.text }], [{ text: "below" }]],
      }),
    hasWindow: () => true,
  });
  const write = (text: string) => {
    state.text = text;
    for (const listener of state.listeners) listener();
  };
  return { sender, frames, times, state, write };
}

describe("createFrameSender()", () => {
  test("sends all lines first, then those that have changed, each frame with the next number", async () => {
    const { sender, frames, write } = senderOf();
    sender.nudge(true);
    await until("the first frame", () => frames.length === 1);
    write("two");
    await until("the second frame", () => frames.length === 2);
    expect(frames).toMatchObject([
      { seq: 1, whole: true, has_window: true, lines: [{ row: 0 }, { row: 1 }] },
      { seq: 2, whole: false, lines: [{ row: 0, runs: [{ text: "two" }] }] },
    ]);
    sender.nudge(true);
    await until("a whole frame", () => frames.length === 3);
    expect(frames[2]).toMatchObject({ whole: true, lines: [{ row: 0 }, { row: 1 }] });
    sender.stop();
  });

  test("sends at most ten frames a second, however often the screen changes, and the last one has the last text", async () => {
    const { sender, frames, times, write } = senderOf();
    sender.nudge(true);
    await until("the first frame", () => frames.length === 1);
    let count = 0;
    const writing = setInterval(() => {
      count += 1;
      write(`text ${count}`);
    }, 5);
    await until("some frames", () => frames.length >= 5);
    clearInterval(writing);
    await until("the last text", () => frames.at(-1)?.lines[0]?.runs[0]?.text === `text ${count}`);
    const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    // A timer may fire a little early.
    expect(Math.min(...gaps)).toBeGreaterThan(95);
    sender.stop();
  });

  test("listens to the terminal only while somebody watches, and sends nothing then", async () => {
    const { sender, frames, state, write } = senderOf();
    expect(state.listeners.size).toBe(0);
    sender.nudge();
    await until("the first frame", () => frames.length === 1);
    expect(state.listeners.size).toBe(1);
    state.isWatched = false;
    write("two");
    await until("it listens no more", () => state.listeners.size === 0);
    expect(frames).toHaveLength(1);
    state.isWatched = true;
    sender.nudge();
    await until("a frame", () => frames.length === 2);
    expect(frames[1]).toMatchObject({ whole: true, lines: [{ runs: [{ text: "two" }] }, { row: 1 }] });
    sender.stop();
  });

  test("sends all lines again after a frame that could not be sent", async () => {
    const { sender, frames, state, write } = senderOf();
    sender.nudge();
    await until("the first frame", () => frames.length === 1);
    state.isConnected = false;
    write("two");
    await until("it rests", () => state.listeners.size === 0);
    state.isConnected = true;
    sender.nudge();
    await until("a frame", () => frames.length === 2);
    expect(frames[1]).toMatchObject({ seq: 2, whole: true });
    sender.stop();
  });
});
