import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { AckPolicy, RetentionPolicy } from "nats";
import type { Bus } from "../../../src/nats/bus.ts";
import { openBucket } from "../../../src/nats/jetstream/bucket.ts";
import {
  listStreams,
  restoreStream,
  resumeCopying,
  type StreamHead,
  takeSnapshot,
} from "../../../src/nats/jetstream/snapshot.ts";
import { failureOf } from "../../support/error-of.ts";
import { startTestNats, type TestNats } from "../../support/nats.ts";
import { until } from "../../support/wait-for.ts";

let from: TestNats;
let to: TestNats;
let bus: Bus;
let other: Bus;
beforeAll(async () => {
  [from, to] = await Promise.all([startTestNats(), startTestNats()]);
  [bus, other] = await Promise.all([from.bus(), to.bus()]);
});
afterAll(async () => {
  await Promise.all([from[Symbol.asyncDispose](), to[Symbol.asyncDispose]()]);
});

async function read(stream: string): Promise<{ head: StreamHead; chunks: Uint8Array[] }> {
  const { head, chunks } = await takeSnapshot(bus, stream);
  const taken: Uint8Array[] = [];
  for await (const chunk of chunks) taken.push(chunk);
  return { head, chunks: taken };
}

/** Kills nats-server, and resolves when the connection to the next one is there. */
async function restart(nats: TestNats, connected: Bus): Promise<void> {
  const restarts = nats.server.restarts();
  nats.kill();
  await until("nats-server is back", () => nats.server.restarts() > restarts && connected.isConnected());
}

async function* inPieces(chunks: readonly Uint8Array[], bytes: number): AsyncGenerator<Uint8Array> {
  const all = Buffer.concat(chunks);
  for (let at = 0; at < all.length; at += bytes) yield all.subarray(at, at + bytes);
}

describe("takeSnapshot() and restoreStream()", () => {
  test("bring a stream to another server: messages with ids and times, settings, and where each consumer is", async () => {
    const manager = await bus.connection.jetstreamManager();
    const config = {
      name: "ORDERS",
      subjects: ["o.*"],
      retention: RetentionPolicy.Limits,
      metadata: { mine: "1" },
    };
    await manager.streams.add(config);
    await manager.consumers.add("ORDERS", { durable_name: "reader", ack_policy: AckPolicy.Explicit });
    const jetstream = bus.connection.jetstream();
    for (const n of [1, 2, 3, 4]) await jetstream.publish(`o.${n}`, `order ${n}`, { msgID: `id-${n}` });
    await manager.streams.deleteMessage("ORDERS", 3);
    const reader = await jetstream.consumers.get("ORDERS", "reader");
    await (await reader.next())?.ackAck();

    const { head, chunks } = await read("ORDERS");
    expect(head.state).toMatchObject({ messages: 3, first_seq: 1, last_seq: 4 });
    await restoreStream(other, head, inPieces(chunks, 700));

    const restored = await other.connection.jetstreamManager();
    const before = await manager.streams.getMessage("ORDERS", { seq: 4 });
    const after = await restored.streams.getMessage("ORDERS", { seq: 4 });
    expect(after.time).toEqual(before.time);
    expect(after.header.get("Nats-Msg-Id")).toBe("id-4");
    const info = await restored.streams.info("ORDERS");
    expect(info.config).toMatchObject({ subjects: ["o.*"], metadata: { mine: "1" } });
    expect(info.state).toMatchObject({ messages: 3, first_seq: 1, last_seq: 4 });
    const next = await (await other.connection.jetstream().consumers.get("ORDERS", "reader")).next();
    expect(next?.string()).toBe("order 2");
    // As the next serve does: only then nats-server 2.15 knows the ids again.
    await restart(to, other);
    const again = await other.connection.jetstream().publish("o.4", "order 4", { msgID: "id-4" });
    expect(again).toMatchObject({ seq: 4, duplicate: true });
  });

  test("bring a bucket, which is then used as before", async () => {
    const bucket = await openBucket(bus, "things", { replicas: 1 });
    await bucket.put("a", { n: 1 });
    await bucket.put("a", { n: 2 });
    await bucket.put("gone", 1);
    await bucket.delete("gone");
    const { head, chunks } = await read("KV_things");
    await restoreStream(other, head, inPieces(chunks, 1_000_000));
    const restored = await openBucket(other, "things", { replicas: 1 });
    expect([...(await restored.entries())]).toEqual([["a", { value: { n: 2 }, revision: 2 }]]);
    expect(await restored.replace("a", { n: 3 }, 2)).toBeGreaterThan(2);
    expect(await listStreams(other)).toContain("KV_things");
  });

  test("bring an empty stream", async () => {
    await (await bus.connection.jetstreamManager()).streams.add({ name: "EMPTY", subjects: ["e"] });
    const { head, chunks } = await read("EMPTY");
    await restoreStream(other, head, inPieces(chunks, 1_000));
    expect((await (await other.connection.jetstreamManager()).streams.info("EMPTY")).state.messages).toBe(0);
  });

  test("a copy of another stream goes on after its last copy, and copies nothing twice", async () => {
    const manager = await bus.connection.jetstreamManager();
    await manager.streams.add({ name: "FIRST", subjects: ["f"] });
    await manager.streams.add({ name: "COPY", sources: [{ name: "FIRST" }] });
    const store = async (on: Bus, text: string) => {
      await on.connection.jetstream().publish("f", text);
    };
    const copied = async (on: Bus) =>
      (await (await on.connection.jetstreamManager()).streams.info("COPY")).state.messages;
    for (const text of ["one", "two"]) await store(bus, text);
    await until("both are copied", async () => (await copied(bus)) === 2);
    // The copy is taken first, so that it knows no more than the original.
    const copy = await read("COPY");
    await store(bus, "three");
    const first = await read("FIRST");
    await restoreStream(other, copy.head, inPieces(copy.chunks, 9_000));
    await restoreStream(other, first.head, inPieces(first.chunks, 9_000));
    await resumeCopying(other, copy.head, ["f"]);
    await restart(to, other);
    await store(other, "four");
    await until("all four are copied", async () => (await copied(other)) === 4);
    const texts = await Promise.all(
      [1, 2, 3, 4].map(async (seq) =>
        (await (await other.connection.jetstreamManager()).streams.getMessage("COPY", { seq })).string(),
      ),
    );
    expect(texts).toEqual(["one", "two", "three", "four"]);
  });

  test("nats-server sends only a few MB ahead of a slow reader, so a stream of any size fits into the memory", async () => {
    const manager = await bus.connection.jetstreamManager();
    await manager.streams.add({ name: "LARGE", subjects: ["l"] });
    const megabyte = crypto.getRandomValues(new Uint8Array(65_536));
    const random = Buffer.concat(Array.from({ length: 16 }, () => megabyte));
    for (let n = 0; n < 40; n += 1) {
      for (let at = 0; at < random.length; at += 65_536)
        crypto.getRandomValues(random.subarray(at, at + 65_536));
      await bus.connection.jetstream().publish("l", random);
    }
    const { chunks } = await takeSnapshot(bus, "LARGE");
    const received = () => bus.connection.stats().inBytes;
    const startBytes = received();
    let taken = 0;
    let ahead = 0;
    for await (const chunk of chunks) {
      await bus.flush(); // all that nats-server has sent by now has come
      taken += chunk.length;
      ahead = Math.max(ahead, received() - startBytes - taken);
    }
    expect(taken).toBeGreaterThan(40 * random.length);
    expect(ahead).toBeLessThan(12 * 1024 * 1024);
  });

  test("say why there is no snapshot, and why a stream cannot be restored", async () => {
    expect(await failureOf(takeSnapshot(bus, "NONE"))).toMatchObject({
      code: "failed",
      message: "cannot take a snapshot of the stream NONE: stream not found",
    });
    const { head, chunks } = await read("EMPTY");
    expect(await failureOf(restoreStream(bus, head, inPieces(chunks, 1_000)))).toMatchObject({
      code: "failed",
      message: expect.stringContaining("cannot restore the stream EMPTY: "),
    });
    const config = { ...head.config, name: "BROKEN" };
    const noise = [Buffer.from("no snapshot at all")];
    expect(await failureOf(restoreStream(other, { ...head, config }, inPieces(noise, 1_000)))).toMatchObject({
      code: "failed",
      message: expect.stringContaining("cannot restore the stream BROKEN: "),
    });
    expect(await listStreams(other)).not.toContain("BROKEN");
  });

  test("a reader who goes away leaves nothing open", async () => {
    const { chunks } = await takeSnapshot(bus, "LARGE");
    for await (const _ of chunks) break;
    expect((await read("EMPTY")).head.state.messages).toBe(0);
  });
});
