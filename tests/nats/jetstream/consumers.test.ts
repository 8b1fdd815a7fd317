import { expect, test } from "bun:test";
import { AckPolicy, DeliverPolicy, nanos } from "nats";
import { agentSubject, bridgeConsumer, streams } from "../../../src/domain/wire/subjects.ts";
import {
  agentsToMakeFor,
  consumerNames,
  ensureBridgeConsumer,
  removeConsumersBeyond,
} from "../../../src/nats/jetstream/consumers.ts";
import { ensureStreams } from "../../../src/nats/jetstream/streams.ts";
import { ada } from "../../support/agents.ts";
import { startTestNats } from "../../support/nats.ts";
import { patienceMs } from "../../support/wait-for.ts";

test("removeConsumersBeyond() removes all that are beyond the end, of more than one page of consumers, and no other", async () => {
  await using nats = await startTestNats();
  const bus = await nats.bus();
  await ensureStreams(bus, { replicas: 1 });
  for (let i = 0; i < 3; i += 1) await bus.publishStored(agentSubject(ada, "command"), { i });
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

test("ensureBridgeConsumer() updates the consumer of an older cliai, which keeps its place", async () => {
  await using nats = await startTestNats();
  const bus = await nats.bus();
  await ensureStreams(bus, { replicas: 1 });
  await ensureBridgeConsumer(bus, ada);
  const name = bridgeConsumer(ada);
  const { consumers } = await bus.connection.jetstreamManager();
  const { ack_wait } = (await consumers.info(streams.commands, name)).config;
  await consumers.update(streams.commands, name, { ack_wait: nanos(30_000) });
  expect(await agentsToMakeFor(bus, [ada])).toEqual([ada]);
  await bus.publishStored(agentSubject(ada, "command"), { type: "pause" });
  const pulled = await bus.connection.jetstream().consumers.get(streams.commands, name);
  await (await pulled.next())?.ackAck();
  await ensureBridgeConsumer(bus, ada);
  const after = await consumers.info(streams.commands, name);
  expect(after.config.ack_wait).toBe(ack_wait);
  expect(after.ack_floor.stream_seq).toBe(1);
  expect(await agentsToMakeFor(bus, [ada])).toEqual([]);
});

test("ensureBridgeConsumer() makes the consumer anew that nats-server 2.9 had for commands only", async () => {
  await using nats = await startTestNats();
  const bus = await nats.bus();
  await ensureStreams(bus, { replicas: 1 });
  await ensureBridgeConsumer({ ...bus, serverVersion: "2.9.10" }, ada);
  expect(await agentsToMakeFor(bus, [ada])).toEqual([ada]);
  await ensureBridgeConsumer(bus, ada);
  expect(await agentsToMakeFor(bus, [ada])).toEqual([]);
  await bus.publishStored(agentSubject(ada, "shutdown"), { type: "shutdown" });
  const pulled = await bus.connection.jetstream().consumers.get(streams.commands, bridgeConsumer(ada));
  expect((await pulled.next({ expires: patienceMs }))?.subject).toBe(agentSubject(ada, "shutdown"));
});
