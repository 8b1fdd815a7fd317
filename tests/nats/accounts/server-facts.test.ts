import { expect, test } from "bun:test";
import { readNatsServer } from "../../../src/nats/accounts/server-facts.ts";
import { natsMetrics } from "../../../src/web/metrics/nats-metrics.ts";
import { startSecureNats } from "../../support/secure-nats.ts";

const health = {
  ready: true,
  ...{ nats: { connected: true, version: "2.0.0", restarts: 0 }, malformed: 0 },
};

test("readNatsServer() has all that the metrics tell of nats-server", async () => {
  await using nats = await startSecureNats();
  const facts = await readNatsServer(nats.system);
  expect(Math.abs(Date.parse(facts.started_at) - Date.now())).toBeLessThan(600_000);
  expect(facts.connections).toBeGreaterThan(1);
  expect(facts.connections_ever).toBeGreaterThanOrEqual(facts.connections);
  expect(facts.subscriptions).toBeGreaterThan(1);
  expect(facts.memory_bytes).toBeGreaterThan(1_000_000);
  expect(facts.sent).toEqual({ messages: expect.any(Number), bytes: expect.any(Number) });
  expect(facts.jetstream?.limit_bytes).toBeGreaterThan(0);
  const empty = natsMetrics(health, facts).filter(({ samples }) => samples.length === 0);
  expect(empty.map(({ name }) => name)).toEqual([]);
});
