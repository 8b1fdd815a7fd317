// Large records: nats-server sends all that one pull asks for at once, and closes a connection on which more than 64 MB wait.
import { describe, expect, test } from "bun:test";
import { silentLogger as log } from "../../../src/log.ts";
import type { Bus } from "../../../src/nats/bus.ts";
import { ensureBridgeConsumer } from "../../../src/nats/jetstream/consumers.ts";
import { consumeOrders, followStream } from "../../../src/nats/jetstream/follow.ts";
import { readStream } from "../../../src/nats/jetstream/read-stream.ts";
import { ensureStreams } from "../../../src/nats/jetstream/streams.ts";
import { ada } from "../../support/agents.ts";
import { startTestNats } from "../../support/nats.ts";
import { waitFor } from "../../support/wait-for.ts";

const mebibyte = 1024 * 1024;

async function startWithStreams() {
  const nats = await startTestNats();
  const bus = await nats.bus();
  await ensureStreams(bus, { replicas: 1 });
  return { nats, bus };
}

/** Stores events of these sizes, some at a time. */
async function store(bus: Bus, sizes: readonly number[], topic = "event"): Promise<void> {
  const at = 20;
  for (let i = 0; i < sizes.length; i += at) {
    const some = sizes.slice(i, i + at).map((size) => "x".repeat(size));
    await Promise.all(some.map((text) => bus.publishStored(`agent.ada.${topic}`, text)));
  }
}

/** How often the connection is lost from now on. */
function countLosses(bus: Bus): { count: number } {
  const losses = { count: 0 };
  bus.onConnection((connected) => {
    if (!connected) losses.count += 1;
  });
  return losses;
}

describe("a stream of large records", () => {
  test("is read and followed to its end, by several at once, without a loss of the connection", async () => {
    const { nats, bus } = await startWithStreams();
    await using _ = nats;
    const sizes = [...Array<number>(600).fill(150_000), 5 * mebibyte, 10, 8 * mebibyte - 1_000, 10];
    await store(bus, sizes);
    const reading = await nats.bus();
    const losses = countLosses(reading);
    const read = async () => {
      const seen: number[] = [];
      for await (const { data } of readStream(reading, { stream: "AUDIT" })) {
        seen.push(data.length - 2);
        // A reader that is slower than the server.
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      return seen;
    };
    const follow = async () => {
      const seen: number[] = [];
      const onMessage = ({ data }: { data: Uint8Array }) => void seen.push(data.length - 2);
      const following = followStream(reading, { stream: "AUDIT", from: 1, log, onMessage });
      await waitFor(() => seen.length >= sizes.length, { what: "all" });
      await following.stop();
      return seen;
    };
    for (const seen of await Promise.all([read(), read(), follow(), follow()])) expect(seen).toEqual(sizes);
    expect(losses.count).toBe(0);
  });

  test("a bridge takes large orders that have waited, one after the other", async () => {
    const { nats, bus } = await startWithStreams();
    await using _ = nats;
    await ensureBridgeConsumer(bus, ada);
    const sizes = [8 * mebibyte - 1_000, ...Array<number>(90).fill(mebibyte), 10];
    await store(bus, sizes, "command");
    const taking = await nats.bus();
    const losses = countLosses(taking);
    const seen: number[] = [];
    const acknowledged: Promise<void>[] = [];
    const orders = consumeOrders(
      taking,
      ada,
      (order) => {
        seen.push(order.data.length - 2);
        acknowledged.push(order.ack());
      },
      log,
    );
    await waitFor(() => seen.length >= sizes.length, { what: "all orders" });
    await Promise.all(acknowledged);
    await orders.stop();
    expect(seen).toEqual(sizes);
    expect(losses.count).toBe(0);
  });
});

describe("readStream()", () => {
  test("goes on where it was when nats-server is killed in the middle", async () => {
    const { nats, bus } = await startWithStreams();
    await using _ = nats;
    await store(bus, Array<number>(5_000).fill(100));
    const seqs: number[] = [];
    for await (const { seq } of readStream(bus, { stream: "AUDIT" })) {
      seqs.push(seq);
      if (seq === 1_000) nats.kill();
      // Until the loss is noticed it has come no further than one pull.
      if (seq === 2_500) await waitFor(() => bus.isConnected(), { what: "the connection" });
    }
    expect(seqs).toEqual(Array.from({ length: 5_000 }, (_unused, i) => i + 1));
  });

  test("ends when the rest of what it was to read is removed meanwhile", async () => {
    const { nats, bus } = await startWithStreams();
    await using _ = nats;
    await store(bus, Array<number>(3_000).fill(100));
    const manager = await bus.connection.jetstreamManager();
    let last = 0;
    for await (const { seq } of readStream(bus, { stream: "AUDIT" })) {
      if (seq === 100) await manager.streams.purge("AUDIT");
      last = seq;
    }
    expect(last).toBeLessThanOrEqual(2_500);
  });
});
