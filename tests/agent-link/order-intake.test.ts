import { describe, expect, test } from "bun:test";
import { nanos } from "nats";
import { createOrderIntake } from "../../src/agent-link/order-intake.ts";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { agentSubject, bridgeConsumer, streams } from "../../src/domain/wire/subjects.ts";
import { silentLogger } from "../../src/log.ts";
import type { Bus } from "../../src/nats/bus.ts";
import { ensureBridgeConsumer } from "../../src/nats/jetstream/consumers.ts";
import { ensureStreams } from "../../src/nats/jetstream/streams.ts";
import { storeCommand } from "../../src/server/send-command.ts";
import { ada } from "../support/agents.ts";
import { answerCalls, listenTo, startTestBridge } from "../support/bridge-fixture.ts";
import { startTestNats } from "../support/nats.ts";
import { waitFor } from "../support/wait-for.ts";

async function prepare(bus: Bus, ...ids: string[]): Promise<void> {
  await ensureStreams(bus, { replicas: 1 });
  for (const id of ids) await ensureBridgeConsumer(bus, parseAgentId(id));
}

/** How many orders the agent's consumer has given out or keeps, without an acknowledgement. */
async function unsettled(bus: Bus, id: string): Promise<number> {
  const manager = await bus.connection.jetstreamManager();
  const info = await manager.consumers.info(streams.commands, bridgeConsumer(parseAgentId(id)));
  return info.num_ack_pending + info.num_pending;
}

describe("createOrderIntake()", () => {
  test("an order gets its receipt, kept in the audit, and leaves the queue", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    await prepare(bus, "ada");
    const heard = await listenTo(bus, "ada");
    await using test = startTestBridge({ url: nats.url });
    expect(test.id).toBe(ada);
    await bus.publishStored(agentSubject(ada, "command"), {
      type: "task",
      payload: { text: "build" },
      command_id: "c-1",
    });
    await bus.publishStored(agentSubject(ada, "command"), { type: "pause" });
    await bus.publishStored(agentSubject(ada, "message"), { message_id: "m-1", from: "bob", text: "hi" });
    await waitFor(() => heard.receipts.length === 3, { what: "three receipts", saw: () => heard.receipts });
    expect(heard.receipts).toMatchObject([
      { agent_id: "ada", command_id: "c-1", state: "delivered", timestamp: expect.stringMatching(/Z$/) },
      { agent_id: "ada", command_id: "COMMANDS-2", state: "delivered" },
      { agent_id: "ada", command_id: "m-1", state: "delivered" },
    ]);
    await waitFor(async () => (await unsettled(bus, "ada")) === 0, { what: "an empty queue" });
    const manager = await bus.connection.jetstreamManager();
    const { state } = await manager.streams.info(streams.audit, { subjects_filter: "agent.ada.receipt" });
    expect(state.subjects).toEqual({ "agent.ada.receipt": 3 });
    expect(heard.statuses).toEqual([]);
  });

  test("orders sent before the bridge ran, and before there was a queue, are delivered when it comes", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    const heard = await listenTo(bus, "ada");
    await using test = startTestBridge({ url: nats.url });
    await waitFor(() => heard.heartbeats.length, { what: "the bridge" });
    await ensureStreams(bus, { replicas: 1 });
    await bus.publishStored(agentSubject(ada, "command"), { type: "resume", command_id: "early" });
    await ensureBridgeConsumer(bus, test.id);
    await waitFor(() => heard.receipts[0], { what: "its receipt" });
    expect(heard.receipts).toMatchObject([{ command_id: "early", state: "delivered" }]);
  });

  test("of several bridges only the one addressed takes an order", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    const ids = ["ada", "ada2", "bob"];
    await prepare(bus, ...ids);
    const heard = await Promise.all(ids.map((id) => listenTo(bus, id)));
    await using one = startTestBridge({ url: nats.url, id: "ada" });
    await using two = startTestBridge({ url: nats.url, id: "ada2" });
    await using three = startTestBridge({ url: nats.url, id: "bob" });
    await bus.publishStored(agentSubject(ada, "command"), { type: "stop", command_id: "halt" });
    expect(await one.bridge.ended).toBe("stopped");
    // An order to each of the others comes after it in the stream: once taken, the stop would have been seen.
    for (const { id } of [two, three]) {
      await bus.publishStored(agentSubject(id, "command"), { type: "pause", command_id: `for-${id}` });
    }
    await waitFor(() => heard[1]?.receipts.length && heard[2]?.receipts.length, { what: "both receipts" });
    expect(heard.map(({ receipts }) => receipts.map(({ command_id }) => command_id))).toEqual([
      ["halt", "halt"],
      ["for-ada2"],
      ["for-bob"],
    ]);
  });

  for (const [topic, body, message] of [
    [
      "command",
      { type: "stop", command_id: "halt", from: "eve", payload: { reason: "lunch" } },
      "stop by eve: lunch",
    ],
    ["command", { type: "stop" }, "stop by unknown"],
    ["shutdown", { reason: "maintenance", command_id: "halt" }, "shutdown by unknown: maintenance"],
  ] as const) {
    test(`${JSON.stringify(body)} is delivered, ends the bridge with one goodbye, and is applied: ${message}`, async () => {
      await using nats = await startTestNats();
      const bus = await nats.bus();
      await prepare(bus, "ada");
      const heard = await listenTo(bus, "ada");
      await using test = startTestBridge({ url: nats.url });
      const client = await test.connect();
      await waitFor(() => heard.heartbeats.length, { what: "the bridge" });
      await bus.publishStored(agentSubject(ada, topic), body);
      expect(await test.bridge.ended).toBe("stopped");
      await test.bridge.shutdown("signal");
      await bus.flush();
      const command_id = "command_id" in body ? "halt" : "COMMANDS-1";
      // It has no host: its own end is all that a stop can do.
      expect(heard.receipts).toMatchObject([
        { command_id, state: "delivered" },
        { command_id, state: "applied", detail: expect.stringContaining("its bridge has ended") },
      ]);
      expect(heard.statuses).toEqual([
        {
          agent_id: ada,
          status: "stopped",
          message,
          timestamp: expect.any(String),
          instance_id: heard.heartbeats[0]?.instance_id as string,
        },
      ]);
      expect(await unsettled(bus, "ada")).toBe(0);
      expect(test.stdin.destroyed).toBe(true);
      await client.close();
    });
  }

  test("malformed and expired orders get a receipt where they have an id, leave the queue, and end nothing", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    await prepare(bus, "ada");
    const heard = await listenTo(bus, "ada");
    await using test = startTestBridge({ url: nats.url });
    const raw = (text: string) => bus.connection.jetstream().publish(agentSubject(ada, "command"), text);
    await raw("not json");
    await raw('{"type":"explode"}');
    await raw('{"type":"explode","command_id":"odd"}');
    await raw('{"type":"stop","command_id":"bad id"}');
    await raw('{"type":"stop","command_id":"late","expires_at":"2020-01-01T00:00:00Z"}');
    await raw('{"type":"pause","command_id":"good","expires_at":"2999-01-01T00:00:00Z"}');
    await waitFor(() => heard.receipts.some(({ command_id }) => command_id === "good"), {
      what: "the good one",
    });
    expect(heard.receipts).toMatchObject([
      { command_id: "odd", state: "failed", detail: expect.stringContaining("stop, pause, resume, task") },
      { command_id: "late", state: "expired", detail: expect.stringContaining("2020-01-01") },
      { command_id: "good", state: "delivered" },
    ]);
    await waitFor(async () => (await unsettled(bus, "ada")) === 0, { what: "an empty queue" });
    const warnings = test.logged.filter((line) => line.startsWith("warn order"));
    expect(warnings.length).toBe(4);
    expect(heard.statuses).toEqual([]);
  });

  test("what check_inbox handed over in time is delivered, not expired, when its order comes late", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    await prepare(bus, "ada");
    const heard = await listenTo(bus, "ada");
    await using test = startTestBridge({ url: nats.url });
    const asked = Promise.withResolvers<void>();
    const given = Promise.withResolvers<void>();
    const server = await answerCalls(bus, async ({ request_id }) => {
      asked.resolve();
      await given.promise;
      return { request_id, success: true, result: { items: [] }, takes: ["given"] };
    });
    const client = await test.connect();
    const call = client.callTool({ name: "check_inbox", arguments: {} });
    await asked.promise;
    const expires_at = "2020-01-01T00:00:00Z";
    for (const command_id of ["given", "late"]) {
      await bus.publishStored(agentSubject(ada, "command"), { type: "pause", command_id, expires_at });
    }
    // The answer is on its way while the bridge has the order already.
    given.resolve();
    await call;
    await waitFor(() => heard.receipts.length === 3, { what: "the receipts", saw: () => heard.receipts });
    const states = heard.receipts.map(({ command_id, state }) => `${command_id} ${state}`);
    expect(states.toSorted()).toEqual(["given delivered", "given injected", "late expired"]);
    server.stop();
  });

  test("an order sent twice under one id is delivered once", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    await prepare(bus, "ada");
    await using test = startTestBridge({ url: nats.url });
    for (const command_id of ["same", "same", "other"]) {
      await bus.publishStored(agentSubject(test.id, "command"), { type: "pause", command_id });
    }
    await waitFor(async () => (await unsettled(bus, "ada")) === 0, { what: "an empty queue" });
    const manager = await bus.connection.jetstreamManager();
    const { state } = await manager.streams.info(streams.audit, { subjects_filter: "agent.ada.receipt" });
    expect(state.subjects).toEqual({ "agent.ada.receipt": 2 });
  });

  test("a stop for an earlier run of the agent does not end the next run, which says what became of it", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    await prepare(bus, "ada");
    const heard = await listenTo(bus, "ada");
    // The one names its run. The other, of a plain publisher, names none: it was stored before this run began.
    const forRun = { type: "stop", command_id: "halt", token: "secret", run: "the run before" };
    await bus.publishStored(agentSubject(ada, "command"), forRun);
    await bus.publishStored(agentSubject(ada, "command"), { type: "stop", command_id: "plain" });
    await bus.publishStored(agentSubject(ada, "command"), { type: "task", command_id: "t", payload: "dig" });
    // By so much at least, whatever an answer of the server's takes, it was there before the run.
    const storedMs = performance.now();
    await waitFor(() => performance.now() - storedMs > 200, { what: "an order that is older than the run" });
    await using test = startTestBridge({ url: nats.url });
    await waitFor(async () => (await unsettled(bus, "ada")) === 0, { what: "an empty queue" });
    const client = await test.connect();
    await client.ping();
    const detail = "the run that it was for has ended";
    expect(heard.receipts).toMatchObject([
      { command_id: "halt", token: "secret", state: "failed", detail },
      { command_id: "plain", state: "failed", detail },
      { command_id: "t", state: "delivered" },
    ]);
    const run = heard.heartbeats[0]?.instance_id as string;
    await bus.publishStored(agentSubject(ada, "command"), { type: "stop", command_id: "now", run });
    expect(await test.bridge.ended).toBe("stopped");
  });

  test("an order of an earlier run that the agent has acknowledged gets no second end; one that it has not is failed", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    await prepare(bus, "ada");
    const heard = await listenTo(bus, "ada");
    const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const server = await answerCalls(bus, async () => {
      asked.resolve();
      await answer.promise;
      return { success: true, result: "recorded as applied" };
    });
    await using test = startTestBridge({ url: nats.url });
    const client = await test.connect();
    const call = client.callTool({
      name: "acknowledge",
      arguments: { command_id: "done", outcome: "applied" },
    });
    call.catch(() => undefined); // awaited below
    await asked.promise;
    const run = "the run before";
    for (const command_id of ["done", "open"]) {
      await bus.publishStored(agentSubject(ada, "command"), { type: "pause", command_id, run });
    }
    // The answer is on its way while the bridge has the orders already.
    answer.resolve();
    await call;
    await waitFor(async () => (await unsettled(bus, "ada")) === 0, { what: "an empty queue" });
    expect(heard.receipts.map(({ command_id, state }) => `${command_id} ${state}`)).toEqual(["open failed"]);
    server.stop();
  });

  test("of two runs at once, each takes the orders that are for it, whichever of them is given them first", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    await prepare(bus, "ada");
    const heard = await listenTo(bus, "ada");
    await using first = startTestBridge({ url: nats.url });
    const [{ instance_id: run }] = (await waitFor(() => heard.heartbeats.length > 0 && heard.heartbeats, {
      what: "the first run",
    })) as [{ instance_id: string }];
    await using second = startTestBridge({ url: nats.url });
    await waitFor(() => heard.heartbeats.some(({ instance_id }) => instance_id !== run), {
      what: "the second",
    });
    const pauses = Array.from({ length: 6 }, (_, n) => `pause-${n}`);
    for (const command_id of pauses) {
      await bus.publishStored(agentSubject(ada, "command"), { type: "pause", command_id, run });
    }
    await waitFor(() => heard.receipts.length === 6, { what: "their receipts", saw: () => heard.receipts });
    expect(heard.receipts.every(({ state }) => state === "delivered")).toBe(true);
    await bus.publishStored(agentSubject(ada, "command"), { type: "stop", command_id: "halt", run });
    expect(await first.bridge.ended).toBe("stopped");
    // Nobody is there for this one any more.
    await bus.publishStored(agentSubject(ada, "command"), { type: "stop", command_id: "late", run });
    const isLate = (receipt: object) => "command_id" in receipt && receipt.command_id === "late";
    const late = await waitFor(() => heard.receipts.find(isLate), {
      what: "the last receipt",
    });
    expect(late).toMatchObject({ state: "failed", detail: "the run that it was for has ended" });
    await second.bridge.shutdown("signal");
  });

  test("whatever ids an agent has used, its own and another's orders are acted on and receipted", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    await prepare(bus, "ada");
    const heard = await listenTo(bus, "ada");
    for (const id of ["ada.halt.delivered", "ada.halt.final", "command.ada.halt", "halt", "ada.halt"]) {
      await bus.publishStored("agent.mallory.event", { kind: "activity" }, { id });
    }
    await using test = startTestBridge({ url: nats.url });
    await waitFor(() => heard.heartbeats.length, { what: "the bridge" });
    await storeCommand(bus, { id: ada, type: "stop", from: "eve", command_id: "halt" }, new Date());
    expect(await test.bridge.ended).toBe("stopped");
    const manager = await bus.connection.jetstreamManager();
    const kept = async () => {
      const { state } = await manager.streams.info(streams.audit, { subjects_filter: "agent.ada.*" });
      return state.subjects ?? {};
    };
    // The copy in the audit, delivered and applied.
    const all = { "agent.ada.command": 1, "agent.ada.receipt": 2 };
    await waitFor(async () => Bun.deepMatch(all, await kept()), {
      what: "the order and its receipts",
      saw: kept,
    });
  });

  test("an order whose receipt cannot be stored stays in the queue until it can", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    await prepare(bus, "ada");
    const manager = await bus.connection.jetstreamManager();
    await manager.streams.delete(streams.audit);
    await using test = startTestBridge({ url: nats.url });
    await bus.publishStored(agentSubject(ada, "command"), { type: "stop", command_id: "halt" });
    await waitFor(() => test.logged.some((line) => line.includes("is not taken yet")), {
      what: "the trouble",
    });
    expect(await unsettled(bus, "ada")).toBe(1);
    await ensureStreams(bus, { replicas: 1 });
    expect(await test.bridge.ended).toBe("stopped");
  });

  test("over kills of nats-server each order is acted on once, though JetStream may forget an acknowledgement", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    await prepare(bus, "ada");
    const taken: string[] = [];
    const intake = createOrderIntake({
      ...{ id: ada, run: { ids: ["r"], beganMs: 0 }, now: () => new Date(), log: silentLogger },
      wasHandedOver: () => Promise.resolve(false),
      onOrder: ({ command_id }) => taken.push(command_id),
    });
    intake.attach(bus);
    const ids = ["a", "b", "c", "d"];
    for (const command_id of ids) {
      const order = { type: "task", command_id, payload: "dig" };
      const store = () => bus.publishStored(agentSubject(ada, "command"), order, { timeoutMs: 500 });
      await waitFor(store, { what: `${command_id} is stored` });
      await waitFor(() => taken.includes(command_id), { what: `${command_id} is taken` });
      nats.kill();
    }
    const isEmpty = () =>
      unsettled(bus, "ada")
        .then((count) => count === 0)
        .catch(() => false);
    await waitFor(isEmpty, { what: "an empty queue" });
    await intake.stop();
    expect(taken.toSorted()).toEqual(ids);
  });

  test("an order that comes again while it is still being taken is taken, and acknowledged, once", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    await prepare(bus, "ada");
    const { consumers } = await bus.connection.jetstreamManager();
    const waits = { ack_wait: nanos(100) };
    await consumers.update(streams.commands, bridgeConsumer(ada), waits);
    const deliveries = async () => (await consumers.info(streams.commands, bridgeConsumer(ada))).delivered;
    let acks = 0;
    bus.subscribe("$JS.ACK.>", () => {
      acks += 1;
    });
    const heard = await listenTo(bus, "ada");
    const stored = Promise.withResolvers<void>();
    const slow: Bus = {
      ...bus,
      publishStored: async (...words) => {
        await stored.promise;
        return await bus.publishStored(...words);
      },
    };
    const taken: string[] = [];
    const intake = createOrderIntake({
      ...{ id: ada, run: { ids: ["r"], beganMs: 0 }, now: () => new Date(), log: silentLogger },
      wasHandedOver: () => Promise.resolve(false),
      onOrder: ({ command_id }) => taken.push(command_id),
    });
    intake.attach(slow);
    await bus.publishStored(agentSubject(ada, "command"), { type: "task", command_id: "t", payload: "dig" });
    await waitFor(async () => (await deliveries()).consumer_seq >= 3, { what: "two more deliveries" });
    stored.resolve();
    await waitFor(async () => (await unsettled(bus, "ada")) === 0, { what: "an empty queue" });
    await intake.stop();
    await bus.flush();
    expect({ taken, acks, receipts: heard.receipts.length }).toEqual({ taken: ["t"], acks: 1, receipts: 1 });
  });
});
