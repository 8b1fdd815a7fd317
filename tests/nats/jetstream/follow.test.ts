import { describe, expect, test } from "bun:test";
import { silentLogger as log } from "../../../src/log.ts";
import { ensureBridgeConsumer } from "../../../src/nats/jetstream/consumers.ts";
import { consumeOrders, followStream, type Order } from "../../../src/nats/jetstream/follow.ts";
import { ensureStreams } from "../../../src/nats/jetstream/streams.ts";
import { ada } from "../../support/agents.ts";
import { startTestNats } from "../../support/nats.ts";
import { waitFor } from "../../support/wait-for.ts";

const text = (data: Uint8Array) => new TextDecoder().decode(data);

async function startWithStreams() {
  const nats = await startTestNats();
  const bus = await nats.bus();
  await ensureStreams(bus, { replicas: 1 });
  const task = (id: string, words: string) =>
    waitFor(() => bus.publishStored(`agent.${id}.command`, words, { timeoutMs: 500 }), {
      what: `${words} stored`,
    });
  return { nats, bus, task };
}

describe("followStream()", () => {
  test("gives out what was there, says when that is all, and goes on", async () => {
    const { nats, bus, task } = await startWithStreams();
    await using _ = nats;
    await task("ada", "one");
    await task("bob", "two");
    const seen: string[] = [];
    const following = followStream(bus, {
      stream: "COMMANDS",
      from: 1,
      log,
      onMessage: ({ subject, data, seq }) => seen.push(`${seq} ${subject} ${text(data)}`),
    });
    await following.caughtUp;
    expect(seen).toEqual(['1 agent.ada.command "one"', '2 agent.bob.command "two"']);
    await task("ada", "three");
    await waitFor(() => seen.length === 3, { what: "the third" });
    await following.stop();
  });

  test("a message whose handling throws is told in the log, and the others come, without a pause", async () => {
    const { nats, bus, task } = await startWithStreams();
    await using _ = nats;
    const seen: string[] = [];
    const told: string[] = [];
    for (const words of ["one", "bad", "two", "bad"]) await task("ada", words);
    const following = followStream(bus, {
      ...{ stream: "COMMANDS", from: 1, log: { ...log, error: (line) => told.push(line) } },
      onMessage: ({ data }) => {
        if (text(data) === '"bad"') throw new Error("out of room");
        seen.push(text(data));
      },
    });
    await following.caughtUp;
    expect(seen).toEqual(['"one"', '"two"']);
    const places = told.map((line) => line.split(" (")[0]);
    expect(places).toEqual(["message 2 of stream COMMANDS", "message 4 of stream COMMANDS"]);
    await following.stop();
  });

  test("begins at a sequence, at what is new, and takes only its subjects", async () => {
    const { nats, bus, task } = await startWithStreams();
    await using _ = nats;
    for (const words of ["a", "b", "c"]) await task("ada", words);
    const seen: Record<string, string[]> = { from2: [], fresh: [], bob: [] };
    const follow = (name: string, from: number | "new", subjects?: string[]) =>
      followStream(bus, {
        stream: "COMMANDS",
        from,
        ...(subjects === undefined ? {} : { subjects }),
        log,
        onMessage: ({ data }) => seen[name]?.push(text(data)),
      });
    const all = [follow("from2", 2), follow("fresh", "new"), follow("bob", 1, ["agent.bob.command"])];
    await Promise.all(all.map(({ caughtUp }) => caughtUp));
    await task("ada", "d");
    await task("bob", "e");
    const has = (name: string, count: number) => (seen[name]?.length ?? 0) >= count;
    await waitFor(() => has("from2", 4) && has("fresh", 2) && has("bob", 1), { what: "the new ones" });
    expect(seen).toEqual({ from2: ['"b"', '"c"', '"d"', '"e"'], fresh: ['"d"', '"e"'], bob: ['"e"'] });
    await Promise.all(all.map((following) => following.stop()));
  });

  test("misses nothing and doubles nothing over kills of nats-server", async () => {
    const { nats, bus, task } = await startWithStreams();
    await using _ = nats;
    const seqs: number[] = [];
    const following = followStream(bus, {
      stream: "COMMANDS",
      from: 1,
      log,
      onMessage: ({ seq }) => seqs.push(seq),
    });
    let last = 0;
    for (let i = 0; i < 30; i += 1) {
      if (i === 10 || i === 20) nats.kill();
      last = (await task("ada", `${i}`)).seq;
    }
    await waitFor(() => seqs.at(-1) === last, { what: "the last one" });
    expect(seqs).toEqual(Array.from({ length: last }, (_unused, i) => i + 1));
    await following.stop();
  });
});

describe("consumeOrders()", () => {
  test("waits for its consumer, gives each order until acknowledged, and only its own", async () => {
    const { nats, bus, task } = await startWithStreams();
    await using _ = nats;
    const orders: Order[] = [];
    const consuming = consumeOrders(bus, ada, (order) => orders.push(order), log);
    await task("ada", "one");
    await task("bob", "not for ada");
    await ensureBridgeConsumer(bus, ada);
    const first = await waitFor(() => orders[0], { what: "the order" });
    expect(text(first.data)).toBe('"one"');
    expect(first.redelivered).toBe(false);
    first.giveBack();
    const again = await waitFor(() => orders[1], { what: "the order again" });
    expect(again).toMatchObject({ seq: first.seq, redelivered: true });
    await again.ack();
    await consuming.stop();
    const manager = await bus.connection.jetstreamManager();
    const { num_pending, num_ack_pending } = await manager.consumers.info("COMMANDS", "bridge-ada");
    expect({ num_pending, num_ack_pending }).toEqual({ num_pending: 0, num_ack_pending: 0 });
  });

  test("goes on after nats-server was killed", async () => {
    const { nats, bus, task } = await startWithStreams();
    await using _ = nats;
    await ensureBridgeConsumer(bus, ada);
    const acknowledged = new Set<string>();
    const consuming = consumeOrders(
      bus,
      ada,
      (order) => {
        const words = text(order.data);
        // An acknowledgement that the dying server may not have had: the order is asked for again, as the bridge does.
        order.ack().then(
          () => acknowledged.add(words),
          () => order.giveBack(),
        );
      },
      log,
    );
    await task("ada", "before");
    await waitFor(() => acknowledged.has('"before"'), { what: "the first" });
    nats.kill();
    await task("ada", "after");
    await waitFor(() => acknowledged.has('"after"'), { what: "the second" });
    await consuming.stop();
  });
});
