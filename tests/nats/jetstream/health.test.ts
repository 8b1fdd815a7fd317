// What a real nats-server says of its health, and how far its clock is from one that is wrong.

import { expect, test } from "bun:test";
import { streams } from "../../../src/domain/wire/subjects.ts";
import { isAtLeast } from "../../../src/nats/child/server-version.ts";
import { readJetStreamHealth } from "../../../src/nats/jetstream/health.ts";
import { ensureStreams } from "../../../src/nats/jetstream/streams.ts";
import { startTestNats } from "../../support/nats.ts";
import { leastRatio } from "../../support/quickest.ts";

test("readJetStreamHealth() names the streams that are missing, and what is stored", async () => {
  await using nats = await startTestNats();
  const bus = await nats.bus("doctor");
  const wanted = [streams.commands, streams.audit, "KV_nothing"];
  const now = () => new Date();
  expect((await readJetStreamHealth(bus, wanted, now)).missingStreams).toEqual(wanted);
  await ensureStreams(bus, { replicas: 1 });
  await bus.publishStored("agent.ada.command", { type: "task", payload: { text: "x".repeat(10_000) } });
  const health = await readJetStreamHealth(bus, wanted, now);
  expect(health.missingStreams).toEqual(["KV_nothing"]);
  expect(health.storedBytes).toBeGreaterThan(10_000);
  expect(health.storeLimitBytes).toBeUndefined();
});

test.each([0, 60_000, -3_600_000])(
  "readJetStreamHealth() sees a clock that is %d ms wrong",
  async (wrongMs) => {
    await using nats = await startTestNats();
    const bus = await nats.bus("doctor");
    await ensureStreams(bus, { replicas: 1 });
    const now = () => new Date(Date.now() + wrongMs);
    const clockAheadMs = async () =>
      (await readJetStreamHealth(bus, [streams.commands], now)).clockAheadMs ?? Number.NaN;
    if (!isAtLeast(bus.serverVersion, "2.10.0")) expect(await clockAheadMs()).toBeNaN();
    else {
      // It is as exact as the answer is quick.
      const error = async () => Math.abs((await clockAheadMs()) + wrongMs) / 1_000;
      expect(await leastRatio(1, error)).toBeLessThan(1);
    }
  },
);
