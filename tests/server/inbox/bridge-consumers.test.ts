import { expect, test } from "bun:test";
import { bridgeConsumer, streams } from "../../../src/domain/wire/subjects.ts";
import { silentLogger } from "../../../src/log.ts";
import type { Bus } from "../../../src/nats/bus.ts";
import { consumerNames, ensureBridgeConsumer } from "../../../src/nats/jetstream/consumers.ts";
import { bridgeConsumers, hasBridgeConsumers } from "../../../src/nats/jetstream/older-servers.ts";
import { ensureStreams } from "../../../src/nats/jetstream/streams.ts";
import { createBridgeConsumers } from "../../../src/server/inbox/bridge-consumers.ts";
import { ada, bob } from "../../support/agents.ts";
import { startTestNats } from "../../support/nats.ts";
import { until } from "../../support/wait-for.ts";

/** Notes the names of the consumers that this connection asks NATS to make. */
async function noteMade({ connection }: Bus): Promise<string[]> {
  const made: string[] = [];
  connection.subscribe("$JS.API.CONSUMER.>", {
    callback: (_, { subject }) => {
      // nats-server makes one that has no name in the subject, for the stream AUDIT, which copies the orders.
      if (subject.includes(`CREATE.${streams.commands}.`)) made.push(subject);
    },
  });
  await connection.flush();
  return made;
}

test.each(["2.9.10", "2.15.0"])(
  "with nats-server %s makeMissing() makes the consumers that an agent lacks, and asks for none of those that are there",
  async (serverVersion) => {
    await using nats = await startTestNats();
    const bus: Bus = { ...(await nats.bus()), serverVersion };
    await ensureStreams(bus, { replicas: 1 });
    await Promise.all([ensureBridgeConsumer(bus, ada), ensureBridgeConsumer(bus, bob)]);
    const { consumers } = await bus.connection.jetstreamManager();
    // As if serve had ended before it made the last one.
    await consumers.delete(streams.commands, bridgeConsumers(bus, bob).at(-1)?.name ?? "");
    const made = await noteMade(bus);
    const desk = createBridgeConsumers(bus, silentLogger);
    desk.makeMissing([ada, bob]);
    await until("bob has all again", async () =>
      hasBridgeConsumers(bus, bob, await consumerNames(bus, streams.commands)),
    );
    desk.stop();
    expect(made.length).toBeGreaterThan(0);
    expect(made.filter((subject) => !subject.includes(bridgeConsumer(bob)))).toEqual([]);
  },
);
