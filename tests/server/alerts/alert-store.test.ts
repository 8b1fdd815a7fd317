import { describe, expect, test } from "bun:test";
import type { Alert } from "../../../src/domain/wire/messages.ts";
import { silentLogger as log } from "../../../src/log.ts";
import type { Bus } from "../../../src/nats/bus.ts";
import { openBucket } from "../../../src/nats/jetstream/bucket.ts";
import { closeAlert, openAlertStore } from "../../../src/server/alerts/alert-store.ts";
import { startTestNats } from "../../support/nats.ts";
import { waitFor } from "../../support/wait-for.ts";

const now = new Date("2026-05-03T12:00:00.000Z");

function alertOf(kind: string, more: Partial<Alert> = {}): Alert {
  const at = "2026-05-03T11:00:00.000Z";
  const words = { severity: "warning" as const, message: kind, first_seen: at, last_seen: at, count: 1 };
  return { alert_id: `${kind}-1`, kind, ...words, ...more };
}

const openServe = (bus: Bus) => openBucket(bus, "serve", { replicas: 1 });

/** What a serve that starts now reads. */
async function readStored(bus: Bus): Promise<Alert[]> {
  const store = await openAlertStore(bus, { replicas: 1, log });
  const read: Alert[] = [];
  store.follow((alert) => read.push(alert));
  await store.stop();
  return read;
}

describe("openAlertStore()", () => {
  test("gives the next serve what was kept, the oldest first, and nothing that was dropped", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    const store = await openAlertStore(bus, { replicas: 1, log });
    store.keep(alertOf("silent", { agent_id: "ada" }));
    store.keep(alertOf("silent", { agent_id: "bob" }));
    store.keep(alertOf("store_damaged"));
    await store.stop();
    const next = await openAlertStore(bus, { replicas: 1, log });
    next.drop(alertOf("silent", { agent_id: "bob" }));
    await next.stop();
    expect((await readStored(bus)).map(({ kind, agent_id }) => [kind, agent_id])).toEqual([
      ["silent", "ada"],
      ["store_damaged", undefined],
    ]);
  });

  test("keeps the last of what is told while NATS is away, and stores it when it is back", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    const store = await openAlertStore(bus, { replicas: 1, log });
    nats.kill();
    await waitFor(() => !bus.isConnected(), { what: "the loss" });
    store.keep(alertOf("silent", { agent_id: "ada", count: 1 }));
    store.keep(alertOf("silent", { agent_id: "ada", count: 2 }));
    const reader = await nats.bus("reader");
    const counts = async () => (await readStored(reader)).map(({ count }) => count);
    await waitFor(async () => (await counts()).join() === "2", { what: "it is stored", saw: counts });
    await store.stop();
  });

  test("tells what another serve keeps, and neither a value that is no alert nor another one's", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    const bucket = await openServe(bus);
    await bucket.put("lease", alertOf("lease"));
    const store = await openAlertStore(bus, { replicas: 1, log });
    const told: string[] = [];
    store.follow(({ alert_id }) => told.push(alert_id));
    await bucket.put("alert.silent.eve", { kind: "silent" });
    await bucket.put("cursor", alertOf("cursor"));
    await bucket.put("alert.silent.ada", alertOf("silent", { agent_id: "ada" }));
    await waitFor(() => told.length > 0, { what: "the alert" });
    expect(told).toEqual(["silent-1"]);
    await store.stop();
  });
});

describe("closeAlert()", () => {
  test("ends the open alert of no agent, tells it, and does so once", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    const bucket = await openServe(bus);
    await bucket.put("alert.store_damaged._", alertOf("store_damaged"));
    await bucket.put("alert.store_damaged.ada", alertOf("store_damaged", { agent_id: "ada" }));
    const told: unknown[] = [];
    bus.subscribe("dashboard.alert", ({ data }) => told.push(JSON.parse(new TextDecoder().decode(data))));
    await bus.flush();
    expect(await closeAlert(bus, "store_damaged", now)).toBe(true);
    const closed = { ...alertOf("store_damaged"), resolved_at: now.toISOString() };
    expect(await bucket.get("alert.store_damaged._")).toEqual(closed);
    expect(await bucket.get("alert.store_damaged.ada")).not.toHaveProperty("resolved_at");
    await waitFor(() => told.length > 0, { what: "it is told" });
    expect(told).toEqual([closed]);
    expect(await closeAlert(bus, "store_damaged", now)).toBe(false);
    expect(await closeAlert(bus, "silent", now)).toBe(false);
  });

  test("a value in its place that is no alert is none", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    await openServe(bus);
    for (const text of ["", "+ACK", '{"stream":"AUDIT","seq":7}']) {
      await bus.connection.jetstream().publish("$KV.serve.alert.store_damaged._", text);
      expect(await closeAlert(bus, "store_damaged", now)).toBe(false);
    }
  });
});
