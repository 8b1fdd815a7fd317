import { describe, expect, test } from "bun:test";
import type { AgentRecord } from "../../../src/domain/fleet/agent-record.ts";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import { silentLogger as log } from "../../../src/log.ts";
import { openExistingBucket } from "../../../src/nats/jetstream/bucket.ts";
import { ensureStreams } from "../../../src/nats/jetstream/streams.ts";
import { createFleetState } from "../../../src/server/fleet/fleet-state.ts";
import { openFleetStore } from "../../../src/server/fleet/fleet-store.ts";
import { ada, bob } from "../../support/agents.ts";
import { startTestNats, type TestNats } from "../../support/nats.ts";

const at = "2026-01-01T00:00:00.000Z";
const request = { request_id: "r1", kind: "question", summary: "left?", asked_at: at } as const;

async function openStore(nats: TestNats) {
  const bus = await nats.bus();
  await ensureStreams(bus, { replicas: 1 });
  const fleet = createFleetState(
    () => new Date(at),
    () => at,
  );
  const store = await openFleetStore(bus, {
    ...{ replicas: 1, recordOf: fleet.record, isLeader: () => true, log },
    onStored: (record) => void fleet.adopt(record),
    onRemoved: fleet.remove,
  });
  store.startWriting(() => ({ audit_seq: 0, commands_seq: 0 }));
  const note = (event: Parameters<typeof fleet.apply>[0]) => {
    fleet.apply(event);
    store.changed(ada);
  };
  return { bus, fleet, store, note };
}

describe("openFleetStore()", () => {
  test("hasOrder() is true of an order once the record with it is in the bucket, also for the next serve", async () => {
    await using nats = await startTestNats();
    const { fleet, store, note } = await openStore(nats);
    note({ type: "heartbeat", id: ada, at, message: { instance_id: "r", seq: 1, status: "idle" } });
    await store.flush();
    const message = { type: "pause", command_id: "p1", from: "me" } as const;
    note({ type: "command", id: ada, at, stream_seq: 7, message });
    expect([store.hasOrder(ada, 7), store.hasOrder(bob, 7)]).toEqual([false, false]);
    await store.flush();
    expect([store.hasOrder(ada, 7), store.hasOrder(ada, 8)]).toEqual([true, false]);
    await store.stop();
    fleet.stop();
    const next = await openStore(nats);
    await next.store.load();
    expect([next.store.hasOrder(ada, 7), next.store.hasOrder(ada, 8)]).toEqual([true, false]);
    await next.store.stop();
    next.fleet.stop();
  });

  test("a request that was asked while a write got no answer stays in the record, and is written", async () => {
    await using nats = await startTestNats();
    const { bus, fleet, store, note } = await openStore(nats);
    note({ type: "heartbeat", id: ada, at, message: { instance_id: "r", seq: 1, status: "idle" } });
    await store.flush();
    // This is what a write leaves that has reached the bucket without its answer: our own earlier record, at a revision that we do not know.
    const bucket = await openExistingBucket(bus, "agents");
    await bucket.put(ada, fleet.record(ada));
    note({ type: "requests", id: ada, at, open: [request] });
    await store.flush();
    expect(fleet.record(ada)?.requests).toEqual([request]);
    await store.flush();
    expect((await bucket.get(ada)) as AgentRecord).toMatchObject({ requests: [request] });
    await store.stop();
    fleet.stop();
  });

  test("the records of many agents are written as one batch, and one that another serve has written keeps back no other", async () => {
    await using nats = await startTestNats();
    const { bus, fleet, store } = await openStore(nats);
    const ids = Array.from({ length: 40 }, (_, n) => parseAgentId(`many-${n}`));
    const beat = (seq: number, status: string) => {
      for (const id of ids) {
        fleet.apply({ type: "heartbeat", id, at, message: { instance_id: "r", seq, status } });
        store.changed(id);
      }
    };
    const bucket = await openExistingBucket(bus, "agents");
    const statuses = async () => {
      const said = [...(await bucket.entries()).values()].map(
        ({ value }) => (value as AgentRecord).said?.status,
      );
      return [said.length, ...new Set(said)];
    };
    beat(1, "idle");
    await store.flush();
    expect(await statuses()).toEqual([40, "idle"]);
    const stored = await (await bus.connection.jetstreamManager()).streams.getMessage("KV_agents", {
      seq: 40,
    });
    expect([stored.header.get("Nats-Batch-Sequence"), stored.header.get("Nats-Batch-Commit")]).toEqual([
      "40",
      "1",
    ]);
    await bucket.put(ids[7] ?? "", fleet.record(ids[7] ?? ada));
    beat(2, "working");
    await store.flush();
    await store.flush();
    expect(await statuses()).toEqual([40, "working"]);
    await store.stop();
    fleet.stop();
  });
});
