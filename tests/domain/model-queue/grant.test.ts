import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  grant,
  longestRowMs,
  mostInRow,
  nextChangeMs,
  placeOf,
  swapAfterMs,
} from "../../../src/domain/model-queue/grant.ts";
import {
  ask,
  emptyQueue,
  end,
  hold,
  longestLeaseMs,
  type ModelQueue,
  type QueuedRequest,
} from "../../../src/domain/model-queue/model-queue.ts";

interface Wanted extends Partial<QueuedRequest> {
  readonly agent: string;
}

const request = ({ agent, ...more }: Wanted): QueuedRequest => ({
  ...{ id: agent, agent, isCaptain: false, model: "", slots: 1, sinceMs: 0, heardMs: 0 },
  ...more,
});
const queueOf = (...wanted: readonly Wanted[]) =>
  wanted.reduce((queue, each) => ask(queue, request(each)), emptyQueue);
const agentsOf = (list: readonly QueuedRequest[]) => list.map(({ agent }) => agent);

/** Serves one request after another, each for 100 ms. `comesBack`: who asks again when its request has ended, `pauseMs` later. */
function serve(
  start: ModelQueue,
  { times, comesBack = () => false }: { times: number; comesBack?: (agent: string) => boolean },
) {
  let queue = start;
  let nowMs = 1_000;
  const order: string[] = [];
  for (let step = 0; step < times; step += 1) {
    const next = grant(queue, nowMs);
    const [lease] = next.granted;
    queue = next.queue;
    if (lease === undefined) break;
    order.push(lease.agent);
    nowMs += 100;
    // It comes back a moment before the slot is free, as one with several requests does.
    if (comesBack(lease.agent))
      queue = ask(queue, { ...request({ agent: lease.agent }), id: `${step}`, sinceMs: nowMs });
    queue = end(queue, lease.id, nowMs);
  }
  return { order, queue, nowMs };
}

describe("grant()", () => {
  test("captains go first, then whoever has waited longest", () => {
    const queue = queueOf(
      { agent: "late", sinceMs: 30 },
      { agent: "early", sinceMs: 10 },
      { agent: "captain", sinceMs: 40, isCaptain: true },
    );
    expect(["captain", "early", "late"].map((id) => placeOf(queue, id))).toEqual([1, 2, 3]);
    expect(placeOf(queue, "nobody")).toBe(0);
    expect(serve(queue, { times: 9 }).order).toEqual(["captain", "early", "late"]);
  });

  test("as many as there are slots, each with its own", () => {
    const four = ["a", "b", "c", "d"].map((agent, sinceMs) => ({ agent, sinceMs, slots: 3 }));
    const { granted, queue } = grant(queueOf(...four), 10);
    expect(granted.map(({ agent, slot }) => [agent, slot])).toEqual([
      ["a", 0],
      ["b", 1],
      ["c", 2],
    ]);
    expect(grant(queue, 20).granted).toEqual([]);
    expect(grant(end(queue, "b", 30), 30).granted).toMatchObject([{ agent: "d", slot: 1 }]);
  });

  test("an agent gets the slot with its prompt again, and another agent one that nobody has used for longest", () => {
    const two = queueOf({ agent: "a", slots: 3 }, { agent: "b", sinceMs: 1, slots: 3 });
    const served = end(end(grant(two, 10).queue, "a", 20), "b", 30);
    const back = ask(
      ask(served, request({ agent: "b", sinceMs: 41, slots: 3 })),
      request({ agent: "c", sinceMs: 40, slots: 3 }),
    );
    expect(grant(back, 50).granted.map(({ agent, slot }) => [agent, slot])).toEqual([
      ["b", 1],
      ["c", 2],
    ]);
  });

  test(`at equal rank, the warm prompt goes first, at most ${mostInRow} times in a row`, () => {
    const { order } = serve(
      queueOf({ agent: "a" }, { agent: "b", sinceMs: 500 }, { agent: "c", sinceMs: 501 }),
      {
        times: 8,
        comesBack: (agent) => agent === "a",
      },
    );
    expect(order).toEqual(["a", "a", "a", "b", "c", "a", "a", "a"]);
  });

  test(`a warm prompt goes first for ${longestRowMs / 1_000} s at most`, () => {
    const first = grant(queueOf({ agent: "a" }), 0).queue;
    const both = ask(
      ask(first, request({ agent: "b", sinceMs: 5 })),
      request({ agent: "a", id: "a2", sinceMs: 9 }),
    );
    expect(agentsOf(grant(end(both, "a", longestRowMs - 1), longestRowMs - 1).granted)).toEqual(["a"]);
    expect(agentsOf(grant(end(both, "a", longestRowMs), longestRowMs).granted)).toEqual(["b"]);
  });

  test("a warm prompt never goes before a captain", () => {
    const first = grant(queueOf({ agent: "a" }), 0).queue;
    const wanted = [
      { agent: "a", id: "a2" },
      { agent: "captain", isCaptain: true, sinceMs: 99 },
    ];
    const queue = wanted.reduce((all, each) => ask(all, request(each)), first);
    expect(agentsOf(grant(end(queue, "a", 100), 100).granted)).toEqual(["captain"]);
  });

  test("a slot is kept for its agent for a twentieth of the time that its prompt would take again, but not from a captain", () => {
    const queue = end(
      ask(grant(queueOf({ agent: "a" }), 0).queue, request({ agent: "b", sinceMs: 1 })),
      "a",
      100,
      4_000,
    );
    expect(grant(queue, 299).granted).toEqual([]);
    expect(nextChangeMs(queue, 299)).toBe(300);
    expect(agentsOf(grant(queue, 300).granted)).toEqual(["b"]);
    expect(agentsOf(grant(ask(queue, request({ agent: "a", id: "a2", sinceMs: 250 })), 250).granted)).toEqual(
      ["a"],
    );
    const captain = request({ agent: "captain", isCaptain: true, sinceMs: 250 });
    expect(agentsOf(grant(ask(queue, captain), 250).granted)).toEqual(["captain"]);
  });

  test("a model stays loaded while anybody waits for it, but others wait no longer than a minute", () => {
    const first = grant(queueOf({ agent: "a", model: "one" }), 0).queue;
    const other = ask(first, request({ agent: "b", model: "two", sinceMs: 10 }));
    const both = end(ask(other, request({ agent: "c", model: "one", sinceMs: 20 })), "a", 50);
    expect(agentsOf(grant(both, 60).granted)).toEqual(["c"]);
    const dueMs = 10 + swapAfterMs;
    expect(nextChangeMs(both, 60)).toBe(dueMs);
    expect(agentsOf(grant(both, dueMs).granted)).toEqual(["b"]);
    const alone = end(grant(both, 60).queue, "c", 70);
    expect(agentsOf(grant(alone, 80).granted)).toEqual(["b"]);
  });

  test("a swap waits until the requests of the loaded model are over, and no new ones begin meanwhile", () => {
    const running = grant(queueOf({ agent: "a", model: "one", slots: 2 }), 0).queue;
    const other = ask(running, request({ agent: "b", model: "two", slots: 2, sinceMs: 10 }));
    expect(grant(other, 20).granted).toEqual([]);
    const busy = ask(other, request({ agent: "c", model: "one", slots: 2, sinceMs: 20 }));
    expect(agentsOf(grant(busy, 30).granted)).toEqual(["c"]);
    const dueMs = 10 + swapAfterMs;
    expect(grant(busy, dueMs).granted).toEqual([]);
    expect(agentsOf(grant(end(busy, "a", dueMs + 5), dueMs + 5).granted)).toEqual(["b"]);
  });

  test("a lease that its gate renews for longer than an answer may take does not hold up the others any more", () => {
    const first = grant(queueOf({ agent: "a" }, { agent: "b", sinceMs: 1 }), 10).queue;
    const dueMs = 10 + longestLeaseMs;
    const renewed = ask(first, { ...request({ agent: "a" }), heardMs: dueMs - 1 });
    expect(grant(renewed, dueMs - 1).granted).toEqual([]);
    expect(nextChangeMs(renewed, dueMs - 1)).toBe(dueMs);
    const { granted, queue } = grant(renewed, dueMs);
    expect(granted).toMatchObject([{ agent: "b", slot: 0 }]);
    // Its end changes nothing of the slot, which is another's now.
    expect(end(queue, "a", dueMs + 5, 60_000).slots).toEqual(queue.slots);
    const third = ask(end(queue, "a", dueMs + 5), request({ agent: "c", sinceMs: dueMs }));
    expect(grant(third, dueMs + 10).granted).toEqual([]);
  });

  test("requests that were sent past the queue do not hold up the others for longer than a lease, either", () => {
    const past = { ...request({ agent: "a" }), slot: undefined };
    const many = [1, 2, 3].reduce(
      (queue, id) => hold(queue, { ...past, id: `${id}` }),
      queueOf({ agent: "b" }),
    );
    expect(grant(many, longestLeaseMs - 1).granted).toEqual([]);
    expect(agentsOf(grant(many, longestLeaseMs).granted)).toEqual(["b"]);
  });

  const wantedRequest = fc.record({
    agent: fc.constantFrom("a", "b", "c", "d", "e"),
    isCaptain: fc.constantFrom(false, false, false, true),
    model: fc.constantFrom("one", "two"),
    sinceMs: fc.nat(1_000),
  });

  test("never more leases than slots, never two in one slot, never two models at once, and everybody is served", () => {
    fc.assert(
      fc.property(
        fc.array(wantedRequest, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 4 }),
        fc.infiniteStream(fc.nat()),
        (wanted, slots, picks) => {
          let queue = wanted.reduce(
            (all, each, index) => ask(all, request({ ...each, id: `${index}`, slots })),
            emptyQueue,
          );
          let nowMs = 2_000;
          const served = new Set<string>();
          for (let step = 0; step < 200 && served.size < wanted.length; step += 1) {
            const next = grant(queue, nowMs);
            queue = next.queue;
            for (const { id } of next.granted) served.add(id);
            expect(queue.leases.length).toBeLessThanOrEqual(slots);
            expect(new Set(queue.leases.map(({ slot }) => slot)).size).toBe(queue.leases.length);
            expect(new Set(queue.leases.map(({ model }) => model)).size).toBeLessThanOrEqual(1);
            nowMs += 1_000;
            const [pick = 0] = picks.take(1);
            const ending = queue.leases[pick % Math.max(1, queue.leases.length)];
            if (ending !== undefined) queue = end(queue, ending.id, nowMs, 10_000);
          }
          expect(served.size).toBe(wanted.length);
        },
      ),
    );
  });

  test("one that comes back at once makes another of its rank wait for no more than a row", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 8 }), (agents) => {
        const names = Array.from({ length: agents }, (_, index) => `agent-${index}`);
        const { order } = serve(queueOf(...names.map((agent, sinceMs) => ({ agent, sinceMs }))), {
          times: agents * mostInRow * 3,
          comesBack: () => true,
        });
        for (const name of names) {
          const turns = order.flatMap((agent, index) => (agent === name ? [index] : []));
          const gaps = turns.map((turn, index) => turn - (turns[index - 1] ?? -1));
          expect(Math.max(...gaps)).toBeLessThanOrEqual((agents - 1) * mostInRow + 1);
        }
      }),
    );
  });
});
