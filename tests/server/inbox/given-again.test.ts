// A consumer whose `ack_wait` is a day is to us what a clock is that was set back by a day: JetStream gives nothing again.
import { describe, expect, test } from "bun:test";
import { nanos } from "nats";
import { bridgeConsumer, streams } from "../../../src/domain/wire/subjects.ts";
import { atMost } from "../../../src/waiting.ts";
import { ada } from "../../support/agents.ts";
import { startTestBridge } from "../../support/bridge-fixture.ts";
import { host, id as hosted } from "../../support/hosted-session.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";
import { waitFor } from "../../support/wait-for.ts";

const day = 24 * 60 * 60 * 1_000;

async function manager({ bus }: TestServer) {
  return await bus.connection.jetstreamManager();
}

async function queueOf(run: TestServer) {
  return await (await manager(run)).consumers.info(streams.commands, bridgeConsumer(ada));
}

/** The consumer that serve has made, with a wait that does not end while the test runs. */
async function waitADay(run: TestServer): Promise<void> {
  const has = () =>
    queueOf(run).then(
      () => true,
      () => false,
    );
  await waitFor(has, { what: "the consumer" });
  const api = (await manager(run)).consumers;
  await api.update(streams.commands, bridgeConsumer(ada), { ack_wait: nanos(day) });
}

/** Takes what waits, as a bridge that dies before it has acknowledged anything. */
async function takeAndDie(run: TestServer, count: number): Promise<void> {
  const consumer = await run.bus.connection.jetstream().consumers.get(streams.commands, bridgeConsumer(ada));
  const messages = await consumer.fetch({ max_messages: count, expires: 5_000 });
  for await (const _ of messages);
  expect((await queueOf(run)).num_ack_pending).toBe(count);
}

function statesOf({ server }: TestServer, id = ada): Record<string, string> {
  const commands = server.fleet.get(id)?.commands ?? [];
  return Object.fromEntries(
    commands.map(({ command_id, receipts }) => [command_id, receipts.map(({ state }) => state).join()]),
  );
}

describe("giveAgain()", () => {
  test("what a bridge took and never acknowledged is given to the next one, though JetStream would wait a day", async () => {
    await using run = await startTestServer({ giveAgainAfterMs: 1_500 });
    run.bus.publish("agent.ada.heartbeat", { instance_id: "one", seq: 1 });
    await waitFor(() => run.server.fleet.get(ada), { what: "ada" });
    await waitADay(run);
    for (const command_id of ["a", "b"])
      await run.server.sendCommand({ id: ada, type: "task", text: "dig", from: "eve", command_id });
    await takeAndDie(run, 2);
    await run.bus.publishStored("agent.ada.status", { status: "disconnected", instance_id: "one" });
    await using bridge = startTestBridge({ url: run.nats.url, id: "ada" });
    expect(bridge.id).toBe(ada);
    const isDelivered = () => Object.values(statesOf(run)).every((states) => states === "stored,delivered");
    await waitFor(isDelivered, { what: "both are delivered", saw: () => statesOf(run) });
    await waitFor(async () => (await queueOf(run)).num_ack_pending === 0, { what: "an empty queue" });
    expect((await queueOf(run)).config.ack_wait).toBeLessThan(nanos(day));
  });

  test("an order that was acted on is not acted on again when others of its queue are given again", async () => {
    await using run = await startTestServer({ giveAgainAfterMs: 1_500 });
    await using session = await host(run);
    await session.hook("UserPromptSubmit", { prompt: "begin" });
    await session.send("pause");
    await session.statesOnce("stored", "delivered", "injected");
    const before = await (await manager(run)).consumers.info(streams.commands, bridgeConsumer(hosted));
    // A second reader takes the next order from under the host, and dies with it.
    await waitADay(run);
    await takeAndDieBeside(run);
    // The consumer first: the task that was taken last may not be in the record yet, and all others are delivered.
    const isAnew = async () => {
      const after = await (await manager(run)).consumers.info(streams.commands, bridgeConsumer(hosted));
      return Date.parse(after.created) > Date.parse(before.created);
    };
    await waitFor(isAnew, { what: "the consumer is made anew" });
    await waitFor(() => Object.values(statesOf(run)).every((states) => states.includes("delivered")), {
      ...{ what: "the task is delivered", saw: () => statesOf(run) },
    });
    const receipts = run.server.fleet.get(ada)?.commands[0]?.receipts.map(({ state }) => state);
    expect(receipts).toEqual(["stored", "delivered", "injected"]);
  });
});

/** Sends tasks until one of them goes to a reader that is no bridge. */
async function takeAndDieBeside(run: TestServer): Promise<void> {
  const consumer = await run.bus.connection.jetstream().consumers.get(streams.commands, bridgeConsumer(ada));
  const messages = await consumer.fetch({ max_messages: 1, expires: 20_000 });
  const isTaken = (async () => {
    for await (const _ of messages) return true;
    return false;
  })();
  let taken = false;
  void isTaken.then((is) => {
    taken = is;
  });
  const send = async () => {
    if (taken) return true;
    await run.server.sendCommand({ id: ada, type: "task", text: "dig", from: "eve" });
    await atMost(200, isTaken);
    return taken;
  };
  await waitFor(send, { what: "the other reader has one" });
}
