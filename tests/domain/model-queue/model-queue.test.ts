import { describe, expect, test } from "bun:test";
import { grant } from "../../../src/domain/model-queue/grant.ts";
import {
  ask,
  emptyQueue,
  end,
  expire,
  hold,
  leaseGoneAfterMs,
  type ModelQueue,
  noteIdle,
  type QueuedRequest,
  slotCount,
  unusedAfterMs,
  waitingGoneAfterMs,
} from "../../../src/domain/model-queue/model-queue.ts";

const request = (id: string, sinceMs: number, more: Partial<QueuedRequest> = {}): QueuedRequest => ({
  ...{ id, agent: id, isCaptain: false, model: "", slots: 1, sinceMs, heardMs: sinceMs },
  ...more,
});
const idsOf = (list: readonly QueuedRequest[]) => list.map(({ id }) => id);
const granted = (queue: ModelQueue, nowMs: number) => grant(queue, nowMs).queue;

describe("ask()", () => {
  test("a request that asks again keeps the time since when it waits", () => {
    const once = ask(emptyQueue, request("a", 10));
    const twice = ask(once, request("a", 500));
    expect(twice.waiting).toEqual([{ ...request("a", 10), heardMs: 500 }]);
  });

  test("one that has its lease, and did not hear of it, keeps it", () => {
    const queue = granted(ask(emptyQueue, request("a", 10)), 10);
    const again = ask(queue, request("a", 700));
    expect(again.waiting).toEqual([]);
    expect(again.leases).toMatchObject([{ id: "a", slot: 0, heardMs: 700 }]);
  });
});

describe("hold()", () => {
  test("a lease that is not known, as after a new start of serve, counts from then on", () => {
    const queue = hold(ask(emptyQueue, request("b", 5)), { ...request("a", 0), slot: 0 });
    expect(idsOf(queue.leases)).toEqual(["a"]);
    expect(grant(queue, 10).granted).toEqual([]);
  });

  test("a request that was sent without the queue does not wait any more, and occupies the server", () => {
    const waits = ask(ask(emptyQueue, request("a", 0)), request("b", 1));
    const queue = hold(waits, { ...request("a", 0), slot: undefined });
    expect([idsOf(queue.waiting), idsOf(queue.leases)]).toEqual([["b"], ["a"]]);
    expect(grant(queue, 10).granted).toEqual([]);
    expect(idsOf(grant(end(queue, "a", 20), 20).granted)).toEqual(["b"]);
  });
});

describe("noteIdle()", () => {
  /** Who gets a lease after looks at these times, while "a" has one and "b" waits; each look tells which slots are idle. */
  const grantedAfter = (...looks: readonly (readonly [atMs: number, idle: readonly number[]])[]) => {
    let queue = ask(granted(ask(emptyQueue, request("a", 0)), 0), request("b", 0));
    for (const [atMs, idle] of looks) queue = noteIdle(queue, { idle, busy: 0 }, atMs);
    return idsOf(grant(queue, looks.at(-1)?.[0] ?? 0).granted);
  };
  const every2s = (fromMs: number, toMs: number, idle: readonly number[]) =>
    Array.from({ length: (toMs - fromMs) / 2_000 + 1 }, (_, n) => [fromMs + n * 2_000, idle] as const);

  test("a lease whose slot the server calls idle for long does not occupy it, even if it is renewed", () => {
    expect(grantedAfter(...every2s(0, unusedAfterMs - 2_000, [0]))).toEqual([]);
    expect(grantedAfter(...every2s(0, unusedAfterMs, [0]))).toEqual(["b"]);
  });

  test("one whose slot was busy in between, or whose slot nobody saw for long, counts on", () => {
    expect(grantedAfter(...every2s(0, 6_000, [0]), [8_000, []], ...every2s(10_000, 18_000, [0]))).toEqual([]);
    expect(grantedAfter([0, [0]], [unusedAfterMs, [0]])).toEqual([]);
  });

  test("other slots, and requests that were sent without the queue, have nothing to do with it", () => {
    expect(grantedAfter(...every2s(0, 20_000, [1]))).toEqual([]);
    const sent = hold(ask(emptyQueue, request("b", 0)), { ...request("a", 0), slot: undefined });
    const looked = every2s(0, 20_000, [0]).reduce(
      (queue, [atMs, idle]) => noteIdle(queue, { idle, busy: 0 }, atMs),
      sent,
    );
    expect(grant(looked, 20_000).granted).toEqual([]);
  });

  test("no lease is unused while the server works on as many requests as there are leases, in whatever slots", () => {
    const two = granted(
      ask(ask(emptyQueue, request("a", 0, { slots: 2 })), request("b", 0, { slots: 2 })),
      0,
    );
    const looked = (busy: number) => {
      const waits = ask(two, request("c", 0, { slots: 2 }));
      const looks = every2s(0, 20_000, [0]);
      return looks.reduce((queue, [atMs, idle]) => noteIdle(queue, { idle, busy }, atMs), waits);
    };
    expect(idsOf(grant(looked(2), 20_000).granted)).toEqual([]);
    expect(idsOf(grant(looked(1), 20_000).granted)).toEqual(["c"]);
  });

  test("it counts again once the server works on it", () => {
    const unused = [...every2s(0, unusedAfterMs, [0]), [unusedAfterMs + 2_000, []] as const];
    expect(grantedAfter(...unused)).toEqual([]);
  });
});

describe("expire()", () => {
  test("a host that died loses its lease and its place", () => {
    const queue = ask(granted(ask(emptyQueue, request("a", 0)), 0), request("b", 0));
    expect(expire(queue, leaseGoneAfterMs - 1)).toBe(queue);
    const later = expire(queue, leaseGoneAfterMs);
    expect([idsOf(later.leases), idsOf(later.waiting)]).toEqual([[], ["b"]]);
    expect(idsOf(expire(later, waitingGoneAfterMs).waiting)).toEqual([]);
  });
});

test("slotCount() is the smallest number that a gate was told", () => {
  const queue = ask(ask(emptyQueue, request("a", 0, { slots: 4 })), request("b", 0, { slots: 2 }));
  expect(slotCount(queue)).toBe(2);
});
