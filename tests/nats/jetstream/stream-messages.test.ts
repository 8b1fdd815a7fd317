import { describe, expect, test } from "bun:test";
import { agentSubject, everyAgentSubject, streams } from "../../../src/domain/wire/subjects.ts";
import type { Bus } from "../../../src/nats/bus.ts";
import { copiedTo, lastSequenceOn, removeMessages } from "../../../src/nats/jetstream/stream-messages.ts";
import { ensureStreams } from "../../../src/nats/jetstream/streams.ts";
import { ada } from "../../support/agents.ts";
import { startTestNats } from "../../support/nats.ts";
import { waitFor } from "../../support/wait-for.ts";

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
    await waitFor(async () => (await messages()) === count, { what: "all of them" });
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

test("lastSequenceOn() is that of the last message on a subject, by itself or by a wildcard, 0 for none", async () => {
  await using nats = await startTestNats();
  const bus = await nats.bus();
  await store(bus, 3);
  await bus.publishStored(agentSubject(ada, "message"), { text: "hello" });
  const last = (subject: string) => lastSequenceOn(bus, streams.commands, subject);
  expect(await Promise.all(["agent.ada.command", "agent.ada.*", "agent.bea.*"].map(last))).toEqual([3, 4, 0]);
});
