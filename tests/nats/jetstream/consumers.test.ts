import { expect, test } from "bun:test";
import { AckPolicy, DeliverPolicy } from "nats";
import { agentSubject, streams } from "../../../src/domain/wire/subjects.ts";
import { consumerNames, removeConsumersBeyond } from "../../../src/nats/jetstream/consumers.ts";
import { ensureStreams } from "../../../src/nats/jetstream/streams.ts";
import { ada } from "../../support/agents.ts";
import { startTestNats } from "../../support/nats.ts";

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
