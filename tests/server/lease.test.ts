import { describe, expect, test } from "bun:test";
import { silentLogger } from "../../src/log.ts";
import type { Bus } from "../../src/nats/bus.ts";
import { openBucket } from "../../src/nats/jetstream/bucket.ts";
import { type Lease, startLease } from "../../src/server/lease.ts";
import { startTestNats } from "../support/nats.ts";
import { leastRatio } from "../support/quickest.ts";
import { waitFor } from "../support/wait-for.ts";

const start = (bus: Bus, instance: string) => startLease(bus, { instance, replicas: 1, log: silentLogger });
/** After so long, the lease of a serve that was killed is taken. */
const leftAfterMs = 3_000;
const leads = (lease: Lease, name: string) =>
  waitFor(lease.isLeader, { what: `${name} leads`, intervalMs: 5 });

describe("startLease()", () => {
  test("the first serve leads; the second does when the first has ended, at once", async () => {
    await using nats = await startTestNats();
    const half = 0.5;
    const ratio = await leastRatio(half, async () => {
      const one = await start(await nats.bus(), "one");
      const two = await start(await nats.bus(), "two");
      expect([one.isLeader(), two.isLeader()]).toEqual([true, false]);
      const told: boolean[] = [];
      two.onChange((isLeader) => told.push(isLeader));
      await one.stop();
      const stoppedMs = performance.now();
      expect(one.isLeader()).toBe(false);
      await leads(two, "two");
      const tookMs = performance.now() - stoppedMs;
      await waitFor(() => told.length, { what: "the listener is told" });
      expect(told).toEqual([true]);
      await two.stop();
      return tookMs / leftAfterMs;
    });
    expect(ratio).toBeLessThanOrEqual(half);
  });

  test("a leader that is cut off stops leading before another begins", async () => {
    await using nats = await startTestNats();
    const cut = await nats.bus();
    const one = await start(cut, "one");
    const others = await Promise.all(["two", "three"].map(async (name) => start(await nats.bus(), name)));
    const all = [one, ...others];
    const atOnce: number[] = [];
    const note = () => atOnce.push(all.filter((lease) => lease.isLeader()).length);
    note();
    const count = setInterval(note, 5);
    await cut.connection.close();
    const next = await waitFor(() => others.find((lease) => lease.isLeader()), {
      what: "another leads",
    });
    clearInterval(count);
    expect(one.isLeader()).toBe(false);
    // Before the end there was one, then for a moment none, and never two.
    expect(new Set(atOnce)).toEqual(new Set([1, 0]));
    await Promise.all(all.map((lease) => lease.stop()));
    expect(next.isLeader()).toBe(false);
  });

  test("after a restart of nats-server there is one leader again", async () => {
    await using nats = await startTestNats();
    const one = await start(await nats.bus(), "one");
    const two = await start(await nats.bus(), "two");
    nats.kill();
    await waitFor(() => nats.server.restarts() === 1, { what: "the restart" });
    const bucket = await openBucket(await nats.bus(), "serve", { replicas: 1 });
    const before = (await bucket.entry("lease"))?.revision ?? 0;
    await waitFor(async () => ((await bucket.entry("lease"))?.revision ?? 0) > before, {
      what: "a renewal",
    });
    await waitFor(() => one.isLeader() !== two.isLeader(), { what: "one leader" });
    await Promise.all([one.stop(), two.stop()]);
  });

  test("a lease left by a serve that was killed is taken when it has not moved for three seconds", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    const bucket = await openBucket(bus, "serve", { replicas: 1 });
    await bucket.put("lease", { instance: "killed" });
    const startedMs = performance.now();
    const lease = await start(bus, "next");
    expect(lease.isLeader()).toBe(false);
    await leads(lease, "next");
    expect(performance.now() - startedMs).toBeGreaterThan(leftAfterMs - 100);
    await lease.stop();
  });
});
