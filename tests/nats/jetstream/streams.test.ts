import { describe, expect, test } from "bun:test";
import { AckPolicy, DeliverPolicy } from "nats";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import { agentSubject, everyAgentSubject, streams } from "../../../src/domain/wire/subjects.ts";
import type { Bus } from "../../../src/nats/bus.ts";
import {
  consumerNames,
  copiedTo,
  ensureStreams,
  removeConsumersBeyond,
  removeMessages,
} from "../../../src/nats/jetstream/streams.ts";
import { startTestNats } from "../../support/nats.ts";
import { waitFor } from "../../support/wait-for.ts";

const ada = parseAgentId("ada");

async function store(bus: Bus, count: number): Promise<void> {
  await ensureStreams(bus, { replicas: 1 });
  for (let i = 0; i < count; i += 1) await bus.publishStored(agentSubject(ada, "command"), { i });
}

describe("removeMessages()", () => {
  test("counts as gone what is there no more, within the stream, before its first and beyond its last message", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    await store(bus, 10);
    expect(await removeMessages(bus, streams.commands, [1, 5])).toEqual({ gone: new Set([1, 5]) });
    expect(await removeMessages(bus, streams.commands, [1, 5, 6, 99])).toEqual({
      gone: new Set([1, 5, 6, 99]),
    });
    const manager = await bus.connection.jetstreamManager();
    expect((await manager.streams.info(streams.commands)).state.messages).toBe(7);
  });

  test("removes more than nats-server takes questions at once", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    await ensureStreams(bus, { replicas: 1 });
    const count = 12_000;
    for (let i = 0; i < count; i += 1) bus.publish(`agent.a${i % 20}.command`, { i });
    const manager = await bus.connection.jetstreamManager();
    const messages = async () => (await manager.streams.info(streams.commands)).state.messages;
    await waitFor(async () => (await messages()) === count, { what: "all of them", deadlineMs: 20_000 });
    const all = Array.from({ length: count }, (_, i) => i + 1);
    const { gone, failure } = await removeMessages(bus, streams.commands, all);
    expect(failure).toBeUndefined();
    expect(gone.size).toBe(count);
    expect(await messages()).toBe(0);
  });

  test("says why when a message could not be removed, and does not count it as gone", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    const { gone, failure } = await removeMessages(bus, "NO_SUCH_STREAM", [1, 2]);
    expect(gone.size).toBe(0);
    expect(failure?.message).toContain("stream not found");
  });
});

test("removeConsumersBeyond() removes all that are beyond the end, of more than one page of consumers, and no other", async () => {
  await using nats = await startTestNats();
  const bus = await nats.bus();
  await store(bus, 3);
  const manager = await bus.connection.jetstreamManager();
  const add = (name: string, deliver_policy: DeliverPolicy) =>
    manager.consumers.add(streams.commands, {
      durable_name: name,
      ack_policy: AckPolicy.Explicit,
      deliver_policy,
    });
  await add("at-the-beginning", DeliverPolicy.All);
  for (let i = 0; i < 300; i += 1) await add(`c${i}`, DeliverPolicy.New);
  await removeConsumersBeyond(bus, streams.commands, 2);
  expect([...(await consumerNames(bus, streams.commands))]).toEqual(["at-the-beginning"]);
});

test("nats-server keeps the ids of orders in memory for a day, and none of what agents report; in streams of before too", async () => {
  await using nats = await startTestNats();
  const bus = await nats.bus();
  await ensureStreams(bus, { replicas: 1 });
  const { streams: api } = await bus.connection.jetstreamManager();
  const hour = 60 * 60 * 1e9;
  const windows = async () =>
    await Promise.all(
      [streams.commands, streams.audit].map(
        async (name) => ((await api.info(name)).config.duplicate_window ?? 0) / hour,
      ),
    );
  expect(await windows()).toEqual([24, 0]);
  // As 0.1.0 made them.
  for (const [name, hours] of [[streams.commands, 7 * 24] as const, [streams.audit, 24] as const]) {
    await api.update(name, { ...(await api.info(name)).config, duplicate_window: hours * hour });
  }
  expect(await windows()).toEqual([7 * 24, 24]);
  await ensureStreams(bus, { replicas: 1 });
  expect(await windows()).toEqual([24, 0]);

  const report = () =>
    bus.publishStored(agentSubject(ada, "event"), { kind: "activity" }, { id: "x".repeat(60_000) });
  expect([await report(), await report()]).toEqual([
    { seq: 1, duplicate: false },
    { seq: 2, duplicate: false },
  ]);
});

test("copiedTo() is what the sourcing stream holds: the last of any subject, 0 for none", async () => {
  await using nats = await startTestNats();
  const bus = await nats.bus();
  await ensureStreams(bus, { replicas: 1 });
  const copied = () =>
    copiedTo(bus, streams.audit, streams.commands, [
      everyAgentSubject("command"),
      everyAgentSubject("message"),
    ]);
  expect(await copied()).toBe(0);
  await bus.publishStored(agentSubject(ada, "message"), {});
  await store(bus, 2);
  await bus.publishStored(agentSubject(ada, "status"), {});
  await waitFor(async () => (await copied()) === 3, { what: "all three copies", saw: copied });
});
