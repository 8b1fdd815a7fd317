import { describe, expect, test } from "bun:test";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import { parseJson } from "../../../src/domain/wire/decode.ts";
import { ada, bob } from "../../support/agents.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";
import { until } from "../../support/wait-for.ts";

const statusOf = ({ server }: TestServer, id = ada) => server.fleet.get(id)?.status;

describe("the fleet", () => {
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
    expect(statusOf(run)).toBe("working");
    expect(
      run.server.fleet
        .timeline(ada)
        .map(({ kind }) => kind)
        .toSorted(),
    ).toEqual(["receipt", "status", "task", "tool_start"]);
  });

  test("an agent that stops sending heartbeats falls silent, with an alert that ends when it returns", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    bus.publish("agent.ada.heartbeat", { status: "working", interval_s: 0.2 });
    await until("silence", () => run.server.fleet.get(ada)?.axes.link.value === "silent");
    expect(run.server.fleet.get(ada)?.axes.activity.value).toBe("unknown");
    await until("the alert", () => run.server.alerts.open().some(({ kind }) => kind === "silent"));
    bus.publish("agent.ada.heartbeat", { status: "working", interval_s: 60 });
    await until("the return", () => run.server.fleet.get(ada)?.axes.link.value === "online");
    await until("the alert's end", () => run.server.alerts.open().every(({ kind }) => kind !== "silent"));
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

  test("what cannot be understood is counted, kept in an alert, and changes nothing", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    bus.publish("agent.ada.heartbeat", { status: "idle" });
    await until("ada", () => run.server.fleet.get(ada));
    const junk = [
      "{",
      "",
      "null",
      "[1]",
      '{"status":7}',
      "\u0000\u0001",
      "x".repeat(10_000),
      '{"agent_id":"bob","status":"x"}',
    ];
    for (const topic of ["heartbeat", "status", "event", "receipt", "command", "message"]) {
      for (const text of junk) bus.connection.publish(`agent.ada.${topic}`, text);
    }
    // A shutdown needs no field, so that less is wrong in one.
    const badShutdowns = ["{", "", "null", "[1]", '{"reason":7}', "\u0000\u0001"];
    for (const text of badShutdowns) bus.connection.publish("agent.ada.shutdown", text);
    bus.connection.publish("agent.-bad.status", '{"status":"x"}');
    const wrong = 6 * junk.length + badShutdowns.length + 1;
    await until("the count", () => run.server.health().malformed === wrong);
    expect(statusOf(run)).toBe("idle");
    expect(run.server.fleet.get(bob)).toBeUndefined();
    const kinds = run.server.alerts.open().map(({ kind, agent_id }) => `${kind} ${agent_id}`);
    expect(kinds).toContain("malformed ada");
    expect(kinds).toContain("refused ada");
    for (const { sample } of run.server.alerts.open()) expect(sample?.length ?? 0).toBeLessThanOrEqual(4_096);
  });

  test("an alert goes out on dashboard.alert once, and again when it was counted further", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    const heard: Array<Record<string, unknown>> = [];
    bus.subscribe("dashboard.alert", ({ data }) => heard.push(parseJson(data) as Record<string, unknown>));
    await bus.flush();
    for (let i = 0; i < 10; i += 1) bus.connection.publish("agent.ada.status", "{");
    await until("the alert and its count", () => heard.at(-1)?.count === 10);
    const [first, last] = heard;
    expect(heard).toHaveLength(2);
    expect(first).toEqual({
      alert_id: expect.any(String),
      kind: "malformed",
      severity: "warning",
      agent_id: "ada",
      message: expect.stringContaining("not JSON"),
      first_seen: expect.any(String),
      last_seen: expect.any(String),
      count: 1,
      sample: "{",
    });
    expect(last).toMatchObject({ alert_id: first?.alert_id, first_seen: first?.first_seen });
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

  test("dashboard.state tells the whole fleet at most four times a second, with a growing revision", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    const states: Array<{ revision: number; agents: unknown[]; at: string }> = [];
    bus.subscribe("dashboard.state", ({ data }) => states.push(parseJson(data) as (typeof states)[number]));
    await bus.flush();
    const started = Date.now();
    let seq = 0;
    await until("four states", () => {
      for (const id of ["ada", "bob"]) bus.publish(`agent.${id}.heartbeat`, { instance_id: id, seq: seq++ });
      return states.length >= 4;
    });
    expect(Date.now() - started).toBeGreaterThan(700);
    expect(states.at(-1)?.agents).toHaveLength(2);
    const revisions = states.map(({ revision }) => revision);
    expect(revisions).toEqual(revisions.toSorted((a, b) => a - b));
    expect(new Set(revisions).size).toBe(revisions.length);
  });

  test("changedSince() names what changed after a revision, and nothing for one it never gave out", async () => {
    await using run = await startTestServer();
    const { fleet } = run.server;
    run.bus.publish("agent.ada.heartbeat", {});
    await until("a revision", () => fleet.revision() > 0);
    const revision = fleet.revision();
    run.bus.publish("agent.bob.heartbeat", {});
    await until("bob", () => fleet.changedSince(revision)?.includes(bob));
    expect(fleet.changedSince(0)).toContain(ada);
    expect(fleet.changedSince(fleet.revision() + 1)).toBeUndefined();
  });

  test("takeHeartbeat() brings the old polling interface onto the bus", async () => {
    await using run = await startTestServer();
    await run.server.takeHeartbeat({ agent_id: "ada", status: "working" });
    await until("ada", () => statusOf(run) === "working");
    expect(run.server.takeHeartbeat({ status: "working" })).rejects.toThrow("agent_id is missing");
  });
});
