import { describe, expect, test } from "bun:test";
import { silentLogger as log } from "../../../src/log.ts";
import { openHolds } from "../../../src/server/inbox/holds.ts";
import { ada } from "../../support/agents.ts";
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
});
