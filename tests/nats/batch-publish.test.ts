import { describe, expect, test } from "bun:test";
import { silentLogger } from "../../src/log.ts";
import { type BatchMessage, publishBatch } from "../../src/nats/batch-publish.ts";
import type { Bus } from "../../src/nats/bus.ts";
import { connectBus } from "../../src/nats/connect-bus.ts";
import { readStream, readStreamFacts } from "../../src/nats/jetstream/read-stream.ts";
import { allowBatches } from "../../src/nats/jetstream/streams.ts";
import { startTestNats } from "../support/nats.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";
import { until } from "../support/wait-for.ts";

const stream = "S";

async function start() {
  const nats = await startTestNats();
  const bus = await nats.bus();
  await (await bus.connection.jetstreamManager()).streams.add({ name: stream, subjects: ["s.>"] });
  return { nats, bus };
}

const message = (n: number): BatchMessage => ({
  subject: `s.batch.${n}`,
  data: new TextEncoder().encode(JSON.stringify(n)),
});
const messages = (count: number) => Array.from({ length: count }, (_, n) => message(n));

/** The subjects of the stream, in their order. */
async function subjects(bus: Bus): Promise<string[]> {
  const found: string[] = [];
  for await (const { subject } of readStream(bus, { stream })) found.push(subject);
  return found;
}

describe("publishBatch()", () => {
  test("stores its messages in their order, with none of other publishers between them", async () => {
    const { nats, bus } = await start();
    await using _ = nats;
    expect(await allowBatches(bus, stream)).toBe(true);
    const other = await nats.bus();
    const single = (n: number) => other.publishStored(`s.single.${n}`, n);
    const singles = Array.from({ length: 50 }, (_, n) => single(n));
    const first = await publishBatch(bus, messages(40));
    await Promise.all(singles);
    const all = await subjects(bus);
    expect(all).toHaveLength(90);
    expect(all.slice((first ?? 0) - 1, (first ?? 0) + 39)).toEqual(
      messages(40).map(({ subject }) => subject),
    );
  });

  test("takes a batch of one, and one of a thousand", async () => {
    const { nats, bus } = await start();
    await using _ = nats;
    await allowBatches(bus, stream);
    expect(await publishBatch(bus, messages(1))).toBe(1);
    expect(await publishBatch(bus, messages(1_000))).toBe(2);
    expect((await readStreamFacts(bus, stream)).messages).toBe(1_001);
  });

  test("stores nothing if one message has another last sequence than expected", async () => {
    const { nats, bus } = await start();
    await using _ = nats;
    await allowBatches(bus, stream);
    await bus.publishStored("s.batch.3", "there before");
    const expecting = (lastSeq: number) =>
      messages(20).map((each, n) => ({ ...each, lastSeq: n === 3 ? lastSeq : 0 }));
    expect(await publishBatch(bus, expecting(0))).toBeUndefined();
    expect(await subjects(bus)).toEqual(["s.batch.3"]);
    expect(await publishBatch(bus, expecting(1))).toBe(2);
  });

  test("stores nothing in a stream that takes no batches", async () => {
    const { nats, bus } = await start();
    await using _ = nats;
    expect(await publishBatch(bus, messages(20))).toBeUndefined();
    expect(await subjects(bus)).toEqual([]);
  });

  test("stores nothing if the connection is lost in the middle, and works again when it is back", async () => {
    const { nats, bus } = await start();
    await using _ = nats;
    await allowBatches(bus, stream);
    await using proxy = await startTcpProxy(() => Number(new URL(nats.url).port));
    const options = {
      url: `nats://127.0.0.1:${proxy.port}`,
      name: "cut",
      firstReconnectMs: 50,
      log: silentLogger,
    };
    const cut = await connectBus(options);
    // Half of a batch, as a program leaves it whose connection is lost while it sends one.
    const publish = cut.connection.publish.bind(cut.connection);
    let sent = 0;
    cut.connection.publish = (...message) => {
      sent += 1;
      if (sent <= 10) publish(...message);
    };
    const lost = publishBatch(cut, messages(20), { timeoutMs: 1_000 });
    await cut.flush(); // nats-server has the half
    proxy.cut();
    expect(await lost.catch((error: unknown) => error)).toMatchObject({ name: "CliaiError" });
    cut.connection.publish = publish;
    proxy.mend();
    await until("the connection is back", () => cut.isConnected());
    expect(await publishBatch(cut, messages(20))).toBe(1);
    expect((await readStreamFacts(bus, stream)).messages).toBe(20);
    await cut.close();
  });

  test("survives SIGKILL of nats-server whole, and is there whole or not at all if it is killed meanwhile", async () => {
    const { nats, bus } = await start();
    await using _ = nats;
    await allowBatches(bus, stream);
    expect(await publishBatch(bus, messages(100))).toBe(1);
    const underWay = publishBatch(bus, messages(100)).catch(() => undefined);
    nats.kill();
    await underWay;
    await until("nats-server is back", async () => {
      const facts = await readStreamFacts(bus, stream).catch(() => undefined);
      return facts !== undefined && (facts.messages === 100 || facts.messages === 200);
    });
    expect([...new Set(await subjects(bus))]).toHaveLength(100);
  });
});
