import { describe, expect, test } from "bun:test";
import { ask, emptyQueue } from "../../../src/domain/model-queue/model-queue.ts";
import { createQueueCounts } from "../../../src/server/model-queue/queue-counts.ts";

const queueOf = (slots: number) =>
  ask(emptyQueue, {
    ...{ id: "a", agent: "ada", isCaptain: false, model: "", slots, sinceMs: 0, heardMs: 0 },
  });

describe("createQueueCounts()", () => {
  test("a wait counts in each bucket that it fits into, and in the sum", () => {
    const counts = createQueueCounts();
    for (const waitedMs of [-5, 125, 300, 9_999_000]) counts.granted("gpu:1", waitedMs);
    const [{ waits } = { waits: undefined }] = counts.figures(new Map(), true);
    expect(waits?.within.slice(0, 4)).toEqual([
      [0.125, 2],
      [0.25, 2],
      [0.5, 3],
      [1, 3],
    ]);
    expect([waits?.within.at(-1), waits?.count, waits?.sum]).toEqual([[2_048, 3], 4, 9_999.425]);
  });

  test("slots are those told last, also when the queue is empty; a serve that does not lead tells none", () => {
    const counts = createQueueCounts();
    counts.seen("gpu:1", queueOf(3));
    counts.seen("gpu:1", emptyQueue);
    const none = { leases: 0, waiting: 0, unqueued: 0, lost: 0 };
    expect(counts.figures(new Map(), true)).toMatchObject([{ server: "gpu:1", slots: 3, ...none }]);
    expect(counts.figures(new Map(), false)[0]?.slots).toBeUndefined();
    expect(counts.figures(new Map([["gpu:1", queueOf(3)]]), true)[0]?.waiting).toBe(1);
  });

  test("however many servers agents name, the number of series has a bound", () => {
    const counts = createQueueCounts();
    for (let index = 0; index < 1_000; index += 1) counts.unqueued(`gpu:${index}`);
    counts.lost("gpu:0", 2);
    const figures = counts.figures(new Map(), true);
    expect(figures.length).toBe(256);
    expect(figures[0]).toMatchObject({ server: "gpu:0", unqueued: 1, lost: 2 });
  });
});
