import { describe, expect, test } from "bun:test";
import { isDeepStrictEqual } from "node:util";
import type { AgentRequest } from "../../src/domain/requests.ts";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import type { Bus } from "../../src/nats/bus.ts";
import { openExistingBucket } from "../../src/nats/jetstream/bucket.ts";
import { consumerNames } from "../../src/nats/jetstream/consumers.ts";
import { readStream } from "../../src/nats/jetstream/read-stream.ts";
import { lastSequence } from "../../src/nats/jetstream/stream-messages.ts";
import { storeCommand } from "../../src/server/send-command.ts";
import { ada, bob } from "../support/agents.ts";
import { leastRatio, msOf } from "../support/quickest.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";
import { until, waitFor } from "../support/wait-for.ts";

const agents = 1_000;
const auditRecords = 100_000;

/** Heartbeats, and a history in which each agent has said much and was told something. */
async function fillHistory(bus: Bus): Promise<void> {
  for (let i = 0; i < agents; i += 1)
    // On a busy machine the test takes longer than three usual intervals, and no other heartbeat comes.
    bus.publish(`agent.a${i}.heartbeat`, { status: "idle", current_task: "t", interval_s: 600 });
  const said = { kind: "activity", detail: "x".repeat(200) };
  for (let i = 0; i < auditRecords; i += 1) {
    bus.publish(`agent.a${i % agents}.event`, said);
    if (i % 5_000 === 0) await bus.flush();
  }
  await waitFor(async () => (await lastSequence(bus, "AUDIT")) >= auditRecords, {
    what: "the history",
  });
}

/** A question of each agent's that nobody has answered, and a task that it has not taken. */
async function leaveWaiting(bus: Bus): Promise<void> {
  const bucket = await openExistingBucket(bus, "requests");
  const leaveFor = async (i: number) => {
    const id = parseAgentId(`a${i}`);
    const asked: AgentRequest = {
      ...{ request_id: `r${i}`, agent_id: id, kind: "question", question: "left or right?" },
      ...{ asked_at: new Date().toISOString(), on_expiry: "expire", state: "asked" },
    };
    await bucket.create(asked.request_id, asked);
    const order = { id, type: "task", text: "x".repeat(200), from: "me", command_id: `c${i}` } as const;
    await storeCommand(bus, order, new Date());
  };
  // So few at once that each has its answer in time on a busy machine.
  for (let i = 0; i < agents; i += 20)
    await Promise.all(Array.from({ length: 20 }, (_, n) => leaveFor(i + n)));
}

describe("startServer()", () => {
  test("a server over 1,000 agents, 1,000 requests and 100,000 records is as before sooner than the records are read", async () => {
    await using first = await startTestServer();
    const bus = await first.nats.bus();
    await fillHistory(bus);
    await leaveWaiting(bus);
    const waiting = ({ server }: TestServer) => ({
      requests: server.requests.open().length,
      attention: server.fleet.list().filter(({ axes }) => axes.attention.value === "question").length,
      tasks: server.fleet.list().reduce((sum, { queued }) => sum + queued, 0),
    });
    const all = { requests: agents, attention: agents, tasks: agents };
    await waitFor(() => isDeepStrictEqual(waiting(first), all), {
      what: "all that waits",
      saw: () => waiting(first),
    });

    bus.connection.publish("agent.a7.status", "{");
    await waitFor(
      () => first.server.fleet.list().length === agents && first.server.alerts.open().length === 1,
      {
        what: "the fleet and the alert",
      },
    );
    // Each agent's own: more than nats-server allows a stream by itself.
    await waitFor(async () => (await consumerNames(bus, "COMMANDS")).size > agents, {
      what: "the consumers",
    });
    const alerts = first.server.alerts.open();

    let run: TestServer = first;
    const ratio = await leastRatio(1, async () => {
      await run.server.stop();
      const readMs = await msOf(async () => {
        let count = 0;
        for await (const _ of readStream(bus, { stream: "AUDIT" })) count += 1;
        expect(count).toBeGreaterThan(auditRecords);
      });
      const startMs = await msOf(async () => {
        run = await run.restart();
      });
      expect(run.server.fleet.list()).toHaveLength(agents);
      expect(run.server.fleet.get(parseAgentId("a999"))).toMatchObject({ current_task: "t" });
      expect(run.server.alerts.open()).toEqual(alerts);
      expect(waiting(run)).toEqual(all);
      // Measured: 0.6. A start must not read them all.
      return startMs / readMs;
    });
    await run.server.stop();
    expect(ratio).toBeLessThan(1);
  });

  test("alerts are as they were after a restart: the open ones open, the resolved ones not", async () => {
    await using first = await startTestServer();
    const bus = await first.nats.bus();
    bus.publish("agent.ada.heartbeat", { status: "working", interval_s: 0.2 });
    bus.connection.publish("agent.bob.status", "{");
    const open = ({ server }: TestServer) =>
      server.alerts.open().map(({ kind, agent_id }) => `${kind} ${agent_id}`);
    await waitFor(() => open(first).includes("silent ada"), { what: "ada's silence" });
    const before = first.server.alerts.open();
    await first.server.stop();
    const second = await first.restart();
    expect(second.server.alerts.open()).toEqual(before);
    bus.publish("agent.ada.heartbeat", { status: "working", interval_s: 60 });
    await waitFor(() => second.server.fleet.get(ada)?.axes.link.value === "online", { what: "ada's return" });
    await waitFor(() => !open(second).includes("silent ada"), { what: "the alert's end" });
    await second.server.stop();
    const third = await second.restart();
    expect(open(third)).toEqual(["malformed bob"]);
    await third.server.stop();
  });

  test("of an agent not heard since the start, the reason says when that was, and claims no silence before", async () => {
    await using first = await startTestServer();
    const bus = await first.nats.bus();
    bus.publish("agent.ada.heartbeat", { status: "working", interval_s: 0.2 });
    const link = ({ server }: TestServer) => server.fleet.get(ada)?.axes.link;
    await waitFor(() => link(first)?.value === "silent", { what: "ada's silence" });
    expect(link(first)?.reason).toMatch(/^no heartbeat for \d+ s$/);
    await first.server.stop();
    const stoppedAt = new Date().toISOString();
    const second = await first.restart();
    const since = /is \d+ s old, and none came since (\S+), when listening began$/;
    const began = since.exec(link(second)?.reason ?? "")?.[1] ?? "";
    expect(began >= stoppedAt && began <= new Date().toISOString()).toBe(true);
    await second.server.stop();
  });

  test("a server that was away raises no silence before the agents could be heard", async () => {
    await using first = await startTestServer();
    const bus = await first.nats.bus();
    const raised: string[] = [];
    bus.subscribe("dashboard.alert", ({ data }) => raised.push(new TextDecoder().decode(data)));
    bus.publish("agent.ada.heartbeat", { status: "working", interval_s: 1, instance_id: "i", seq: 1 });
    await waitFor(() => first.server.fleet.get(ada), { what: "ada" });
    await first.server.stop();
    await waitFor(() => first.server.fleet.get(ada)?.axes.link.value === "silent", {
      what: "the time when it would be silent",
    });
    const second = await first.restart();
    bus.publish("agent.ada.heartbeat", { status: "working", interval_s: 1, instance_id: "i", seq: 2 });
    await waitFor(() => second.server.fleet.get(ada)?.axes.link.value === "online", { what: "ada" });
    expect(raised).toEqual([]);
    await second.server.stop();
  });

  test("a restart updates the durable consumers that an older cliai has made", async () => {
    await using first = await startTestServer();
    first.bus.publish("agent.ada.heartbeat", { status: "idle" });
    const { consumers } = await first.bus.connection.jetstreamManager();
    const read = () => consumers.info("COMMANDS", "bridge-ada");
    const there = () => read().catch(() => undefined); // it is not made yet
    const made = await waitFor(there, { what: "the consumer" });
    await first.server.stop();
    await consumers.update("COMMANDS", "bridge-ada", { ack_wait: 30e9 });
    const second = await first.restart();
    await waitFor(async () => (await read()).config.ack_wait === made?.config.ack_wait, {
      what: "its update",
    });
    await second.server.stop();
  });

  test("a heartbeat from an unknown id registers it and makes its consumer", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    bus.publish("agent.ada.heartbeat", {
      config_name: "Snake",
      project_path: "/p",
      status: "idle",
      host: "h",
      pid: 7,
    });
    await until("ada", () => run.server.fleet.get(ada));
    expect(run.server.fleet.get(ada)).toMatchObject({
      config_name: "Snake",
      project_path: "/p",
      status: "idle",
      pid: 7,
    });
    const manager = await bus.connection.jetstreamManager();
    await until(
      "the consumer",
      async () => (await manager.consumers.info("COMMANDS", "bridge-ada")).config.durable_name,
    );
  });

  test("status, event and receipt of plain publishers are taken in", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    bus.publish("agent.ada.heartbeat", {});
    bus.publish("agent.ada.status", { status: "working", message: "on it" });
    bus.publish("agent.ada.event", { kind: "tool_start", tool: "Bash", detail: "ls" });
    bus.publish("agent.ada.command", { type: "task", payload: "do it" });
    await until("the command", () => run.server.fleet.get(ada)?.commands.length === 1);
    const command_id = run.server.fleet.get(ada)?.commands[0]?.command_id;
    expect(command_id).toBe("COMMANDS-1");
    bus.publish("agent.ada.receipt", { command_id, state: "delivered" });
    await until("the receipt", () => run.server.fleet.get(ada)?.commands[0]?.receipts.length === 2);
    expect(run.server.fleet.get(ada)?.status).toBe("working");
    expect(
      run.server.fleet
        .timeline(ada)
        .map(({ kind }) => kind)
        .toSorted(),
    ).toEqual(["receipt", "status", "task", "tool_start"]);
  });

  test("a restarted server knows the fleet as it was, and takes in what came meanwhile", async () => {
    await using first = await startTestServer();
    const bus = await first.nats.bus();
    bus.publish("agent.ada.heartbeat", { config_name: "Snake", status: "working", current_task: "t" });
    await first.server.fleet.onChange(() => undefined);
    await until("ada", () => first.server.fleet.get(ada));
    await first.server.sendCommand({ id: ada, type: "task", text: "before", from: "me" });
    await until("the command", () => first.server.fleet.get(ada)?.commands.length === 1);
    const before = first.server.fleet.get(ada);
    await first.server.stop();
    await bus.publishStored("agent.ada.status", { status: "waiting" });
    await bus.publishStored("agent.bob.status", { status: "idle" });
    await bus.publishStored("agent.ada.command", { type: "task", payload: "meanwhile", command_id: "m1" });

    const second = await first.restart();
    const after = second.server.fleet.get(ada);
    expect(after).toMatchObject({ config_name: "Snake", current_task: "t", said: { status: "waiting" } });
    expect(after?.first_seen).toBe(before?.first_seen ?? "");
    expect(after?.commands.map(({ summary }) => summary)).toEqual(["before", "meanwhile"]);
    expect(second.server.fleet.get(bob)?.said?.status).toBe("idle");
    expect(second.server.instance).not.toBe(first.server.instance);
    await second.server.stop();
  });

  test("a restart writes no record of an agent that has said nothing since", async () => {
    await using first = await startTestServer();
    const bus = await first.nats.bus();
    for (const id of [ada, bob]) {
      bus.publish(`agent.${id}.heartbeat`, { status: "working" });
      await until(id, () => first.server.fleet.get(id));
      await bus.publishStored(`agent.${id}.event`, { kind: "activity", detail: "before" });
      await until("the event", () => first.server.fleet.timeline(id).length === 1);
    }
    await first.server.stop();
    const written = () => lastSequence(bus, "KV_agents");
    const before = await written();

    const second = await first.restart();
    expect(second.server.fleet.timeline(ada)).toMatchObject([{ text: "before" }]);
    await bus.publishStored(`agent.${ada}.event`, { kind: "activity", detail: "after" });
    await until("the event", () => second.server.fleet.timeline(ada).length === 2);
    await second.server.stop(); // writes what is left to write
    expect((await written()) - before).toBe(1);
  });

  test("nats-server killed under traffic: every stored message is taken in, once", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    bus.publish("agent.ada.heartbeat", {});
    await until("ada", () => run.server.fleet.get(ada));
    const stored: string[] = [];
    for (let i = 0; i < 60; i += 1) {
      if (i === 20) run.nats.kill();
      const command_id = `c${i}`;
      const store = () =>
        bus.publishStored(
          "agent.ada.command",
          { type: "task", payload: `${i}`, command_id },
          { id: command_id, timeoutMs: 500 },
        );
      await until(`command ${i} stored`, async () => (await store()).seq);
      stored.push(command_id);
    }
    expect(run.nats.server.restarts()).toBe(1);
    const known = () => run.server.fleet.get(ada)?.commands.map(({ command_id }) => command_id) ?? [];
    await until("all commands", () => known().length === stored.length);
    expect(known()).toEqual(stored);
    expect(run.server.health()).toMatchObject({ ready: true, nats: { connected: true, restarts: 1 } });
  });

  test("an id that differs from a known one in case only is refused, with an alert", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    bus.publish("agent.Ada.heartbeat", {});
    await until("Ada", () => run.server.fleet.get(parseAgentId("Ada")));
    bus.publish("agent.ada.heartbeat", {});
    await until("the alert", () => run.server.alerts.open().some(({ kind }) => kind === "id_refused"));
    expect(run.server.fleet.list().map(({ agent_id }) => String(agent_id))).toEqual(["Ada"]);
  });

  test("a command to an unknown agent is refused with the nearest names", async () => {
    await using run = await startTestServer();
    run.bus.publish("agent.Snake-1234.heartbeat", {});
    await until("the agent", () => run.server.fleet.list().length === 1);
    const send = (id: string) => run.server.sendCommand({ id: parseAgentId(id), type: "stop", from: "me" });
    expect(send("Snake-1243")).rejects.toMatchObject({
      code: "agent_unknown",
      hint: "did you mean Snake-1234?",
    });
  });

  test("takeHeartbeat() brings the old polling interface onto the bus", async () => {
    await using run = await startTestServer();
    await run.server.takeHeartbeat({ agent_id: "ada", status: "working" });
    await until("ada", () => run.server.fleet.get(ada)?.status === "working");
    expect(run.server.takeHeartbeat({ status: "working" })).rejects.toThrow("agent_id is missing");
  });
});
