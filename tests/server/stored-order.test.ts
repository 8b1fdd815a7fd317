import { expect, test } from "bun:test";
import { streams } from "../../src/domain/wire/subjects.ts";
import type { Bus } from "../../src/nats/bus.ts";
import { readStreamFacts } from "../../src/nats/jetstream/read-stream.ts";
import { ensureStreams } from "../../src/nats/jetstream/streams.ts";
import { readStoredOrder } from "../../src/server/stored-order.ts";
import { ada, bob } from "../support/agents.ts";
import { startTestNats } from "../support/nats.ts";
import { until } from "../support/wait-for.ts";

async function startStored() {
  const nats = await startTestNats();
  const bus = await nats.bus();
  await ensureStreams(bus, { replicas: 1 });
  return { nats, bus };
}

/** Stores an order, and waits for its copy in AUDIT. */
async function store(bus: Bus, subject: string, order: object): Promise<number> {
  const copies = async () => (await readStreamFacts(bus, streams.audit)).messages;
  const before = await copies();
  const { seq } = await bus.publishStored(subject, order);
  await until("the copy", async () => (await copies()) > before);
  return seq;
}

async function purge(bus: Bus, stream: string): Promise<void> {
  const manager = await bus.connection.jetstreamManager();
  await manager.streams.purge(stream);
}

const task = (command_id: string, token: string, payload: string) => ({
  type: "task",
  command_id,
  token,
  payload,
});
const payloadOf = (data: Uint8Array | undefined) =>
  data === undefined
    ? undefined
    : (JSON.parse(new TextDecoder().decode(data)) as { payload: unknown }).payload;

test("readStoredOrder() reads from COMMANDS while the order waits there, and then its copy in AUDIT", async () => {
  const { nats, bus } = await startStored();
  await using _ = nats;
  const stream_seq = await store(bus, "agent.ada.command", task("c1", "t1", "dig"));
  const name = { command_id: "c1", type: "task", stream_seq, token: "t1" } as const;
  expect(payloadOf(await readStoredOrder(bus, ada, name))).toBe("dig");
  await purge(bus, streams.commands);
  expect(payloadOf(await readStoredOrder(bus, ada, name))).toBe("dig");
  const next = await store(bus, "agent.ada.command", task("c2", "t2", "wait"));
  await purge(bus, streams.audit);
  expect(payloadOf(await readStoredOrder(bus, ada, { ...name, command_id: "c2", stream_seq: next }))).toBe(
    "wait",
  );
  expect(await readStoredOrder(bus, ada, name)).toBeUndefined();
});

test("readStoredOrder() knows the copy by agent, id and token, and takes nothing else for it", async () => {
  const { nats, bus } = await startStored();
  await using _ = nats;
  await store(bus, "agent.bob.command", task("c1", "t2", "bob's"));
  bus.connection.publish("agent.ada.command", "{");
  await store(bus, "agent.ada.command", task("c1", "t1", "the first"));
  await store(bus, "agent.ada.command", task("c2", "t2", "another"));
  const stream_seq = await store(bus, "agent.ada.command", task("c1", "t2", "the second"));
  await purge(bus, streams.commands);
  const name = { command_id: "c1", type: "task", stream_seq } as const;
  expect(payloadOf(await readStoredOrder(bus, ada, { ...name, token: "t2" }))).toBe("the second");
  // An order without a token is from before there were tokens: its id is all that names it.
  expect(payloadOf(await readStoredOrder(bus, ada, name))).toBe("the first");
  expect(payloadOf(await readStoredOrder(bus, bob, { ...name, token: "t2" }))).toBe("bob's");
  expect(await readStoredOrder(bus, ada, { ...name, token: "t3" })).toBeUndefined();
  expect(await readStoredOrder(bus, ada, { ...name, type: "message" })).toBeUndefined();
});

test("readStoredOrder() looks in AUDIT from a minute before the order was issued: clocks differ", async () => {
  const { nats, bus } = await startStored();
  await using _ = nats;
  const stream_seq = await store(bus, "agent.ada.command", task("c1", "t1", "dig"));
  await purge(bus, streams.commands);
  const name = { command_id: "c1", type: "task", stream_seq } as const;
  const issued = (aheadMs: number) => ({ ...name, issued_at: new Date(Date.now() + aheadMs).toISOString() });
  expect(payloadOf(await readStoredOrder(bus, ada, issued(50_000)))).toBe("dig");
  expect(await readStoredOrder(bus, ada, issued(3_600_000))).toBeUndefined();
});
