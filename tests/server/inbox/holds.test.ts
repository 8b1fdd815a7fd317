import { describe, expect, test } from "bun:test";
import { buckets } from "../../../src/domain/wire/subjects.ts";
import { silentLogger as log } from "../../../src/log.ts";
import { openBucket } from "../../../src/nats/jetstream/bucket.ts";
import { openHolds } from "../../../src/server/inbox/holds.ts";
import { ada, bob } from "../../support/agents.ts";
import { startTestNats } from "../../support/nats.ts";
import { waitFor } from "../../support/wait-for.ts";

const item = { command_id: "c1" };
const hour = 3_600_000;

describe("openHolds()", () => {
  test("what was not confirmed in time is free again though the clock was set back, for every serve", async () => {
    await using nats = await startTestNats();
    let backMs = 0;
    const now = () => new Date(Date.now() - backMs);
    const open = async () =>
      await openHolds(await nats.bus(), { replicas: 1, mayLive: () => true, now, log });
    const [first, second] = [await open(), await open()];
    const holder = { requestId: "r1", confirmsWithinMs: 1_500 };
    const other = { requestId: "r2" };
    expect(await first.take(ada, [item], holder)).toEqual([item]);
    await waitFor(() => !second.isFree(ada, item, other), { what: "the hold at the second serve" });
    backMs = hour;
    // One that is started now sees it with an hour to go by its clock.
    const third = await open();
    await waitFor(() => !third.isFree(ada, item, other), { what: "the hold at the third serve" });
    expect(first.isFree(ada, item, other)).toBe(false);
    expect(first.isFree(ada, item, holder)).toBe(true);
    await waitFor(() => [first, second, third].every((holds) => holds.isFree(ada, item, other)), {
      what: "its end",
    });
    expect(await second.take(ada, [item], other)).toEqual([item]);
    await Promise.all([first, second, third].map((holds) => holds.stop()));
  });

  const items = ["c1", "c2", "c3"].map((command_id) => ({ command_id }));
  const ids = (taken: readonly { command_id: string }[]) => taken.map(({ command_id }) => command_id);

  async function startHolds(mayLive: (run: string) => boolean = () => true) {
    const nats = await startTestNats();
    const bus = await nats.bus();
    const options = {
      replicas: 1,
      mayLive: (_: unknown, run: string) => mayLive(run),
      now: () => new Date(),
      log,
    };
    const holds = await openHolds(bus, options);
    const parts = new AsyncDisposableStack();
    parts.use(nats);
    parts.defer(() => holds.stop());
    return { bus, holds, [Symbol.asyncDispose]: () => parts.disposeAsync() };
  }

  test("a call is given what stands before the first item that another call holds: nothing overtakes it", async () => {
    await using run = await startHolds();
    const [first, second] = [{ requestId: "r1" }, { requestId: "r2" }];
    expect(ids(await run.holds.take(ada, items.slice(1, 2), first))).toEqual(["c2"]);
    expect(ids(await run.holds.take(ada, items, second))).toEqual(["c1"]);
    expect(ids(await run.holds.take(ada, items.slice(1), second))).toEqual([]);
    // The same call again, as after a lost answer, is given the same.
    expect(ids(await run.holds.take(ada, items.slice(1), first))).toEqual(["c2", "c3"]);
  });

  test("what is released is free for others; nobody releases what another call holds", async () => {
    await using run = await startHolds();
    const [first, second] = [{ requestId: "r1" }, { requestId: "r2" }];
    await run.holds.take(ada, items, first);
    await run.holds.release(ada, ["c1"], second);
    expect(run.holds.isFree(ada, { command_id: "c1" }, second)).toBe(false);
    await run.holds.release(ada, ["c1"], first);
    const free = items.map((each) => run.holds.isFree(ada, each, second));
    expect(free).toEqual([true, false, false]);
  });

  test("the holds of a run that has ended are free; those of a run that may live, and of one without a name, are not", async () => {
    const living = new Set(["r-old"]);
    await using run = await startHolds((id) => living.has(id));
    const next = { requestId: "q2", instanceId: "r-new" };
    await run.holds.take(ada, items.slice(0, 1), { requestId: "q1", instanceId: "r-old" });
    await run.holds.take(ada, items.slice(1, 2), { requestId: "q3" });
    const free = () => items.map((each) => run.holds.isFree(ada, each, next));
    expect(free()).toEqual([false, false, true]);
    living.clear();
    expect(free()).toEqual([true, false, true]);
  });

  test("another order under the id of a held one is free: its token tells them apart", async () => {
    await using run = await startHolds();
    const other = { requestId: "r2" };
    await run.holds.take(ada, [{ command_id: "c1", token: "k1" }], { requestId: "r1" });
    expect(run.holds.isFree(ada, { command_id: "c1", token: "k1" }, other)).toBe(false);
    expect(run.holds.isFree(ada, { command_id: "c1", token: "k2" }, other)).toBe(true);
    expect(run.holds.isFree(ada, { command_id: "c1" }, other)).toBe(false);
  });

  test("each agent has its own holds", async () => {
    await using run = await startHolds();
    await run.holds.take(ada, items, { requestId: "r1" });
    expect(run.holds.isFree(bob, { command_id: "c1" })).toBe(true);
    expect(ids(await run.holds.take(bob, items, { requestId: "r2" }))).toEqual(["c1", "c2", "c3"]);
  });

  test("of calls at once each item goes to one, though all write the same key", async () => {
    await using run = await startHolds();
    const taken = await Promise.all(
      Array.from({ length: 8 }, (_, i) => run.holds.take(ada, items, { requestId: `r${i}` })),
    );
    expect(taken.filter((each) => each.length > 0).map(ids)).toEqual([["c1", "c2", "c3"]]);
  });

  test("what another program wrote in its place is no hold, and is replaced", async () => {
    await using run = await startHolds();
    const bucket = await openBucket(run.bus, buckets.serve, { replicas: 1 });
    await bucket.create(`hold.${ada}`, { c1: "mine" });
    expect(ids(await run.holds.take(ada, items, { requestId: "r1" }))).toEqual(["c1", "c2", "c3"]);
    expect(run.holds.isFree(ada, { command_id: "c1" })).toBe(false);
  });
});
