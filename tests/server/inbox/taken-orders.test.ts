import { describe, expect, test } from "bun:test";
import { type AgentId, parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import { parseJson } from "../../../src/domain/wire/decode.ts";
import { silentLogger } from "../../../src/log.ts";
import type { Bus } from "../../../src/nats/bus.ts";
import { subjectCounts } from "../../../src/nats/jetstream/stream-messages.ts";
import { ensureStreams, maxWaitingOrders } from "../../../src/nats/jetstream/streams.ts";
import { createFleetState } from "../../../src/server/fleet/fleet-state.ts";
import { startTakenOrdersRemoval } from "../../../src/server/inbox/taken-orders.ts";
import { ada, bob } from "../../support/agents.ts";
import { startTestNats } from "../../support/nats.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";
import { waitFor } from "../../support/wait-for.ts";

async function countOf(bus: Bus, stream: string): Promise<number> {
  const manager = await bus.connection.jetstreamManager();
  return (await manager.streams.info(stream)).state.messages;
}

describe("what waits for an agent", () => {
  test("is bounded: one more is refused clearly, and what was taken makes room", async () => {
    await using run = await startTestServer();
    const { bus, server } = run;
    bus.publish("agent.ada.heartbeat", {});
    await waitFor(() => server.fleet.get(ada), { what: "ada" });
    const store = (i: number) =>
      bus.publishStored(
        "agent.ada.command",
        { type: "task", payload: `${i}`, command_id: `c${i}` },
        { id: `c${i}` },
      );
    await Promise.all(Array.from({ length: maxWaitingOrders }, (_, i) => store(i)));
    expect(server.sendCommand({ id: ada, type: "task", text: "one more", from: "me" })).rejects.toMatchObject(
      {
        code: "refused",
        message: expect.stringContaining("queue is full"),
      },
    );
    // Another agent's queue is its own.
    await bus.publishStored("agent.bob.command", { type: "task", payload: "x" });

    bus.publish("agent.ada.receipt", { command_id: "c0", state: "applied" });
    await waitFor(async () => (await countOf(bus, "COMMANDS")) === maxWaitingOrders, {
      what: "the taken one is removed",
    });
    expect(await server.sendCommand({ id: ada, type: "task", text: "now", from: "me" })).toMatchObject({
      duplicate: false,
    });
  });

  test("a taken command leaves COMMANDS and stays in AUDIT, also when the server was restarted in between", async () => {
    await using first = await startTestServer();
    const { bus } = first;
    bus.publish("agent.ada.heartbeat", {});
    await waitFor(() => first.server.fleet.get(ada), { what: "ada" });
    const { command_id } = await first.server.sendCommand({ id: ada, type: "task", text: "x", from: "me" });
    await bus.publishStored("agent.ada.receipt", { command_id, state: "applied" });
    const receipts = () => first.server.fleet.get(ada)?.commands[0]?.receipts.length;
    await waitFor(() => receipts() === 2, { what: "the receipt" });
    await first.server.stop();
    const second = await first.restart();
    await waitFor(async () => (await countOf(second.bus, "COMMANDS")) === 0, { what: "its removal" });
    const manager = await second.bus.connection.jetstreamManager();
    const audit = await manager.streams.info("AUDIT", { subjects_filter: "agent.ada.command" });
    expect(audit.state.subjects).toEqual({ "agent.ada.command": 1 });
    await second.server.stop();
  });

  test("what is removed is asked for once: after a restart, and while an older one waits", async () => {
    await using first = await startTestServer();
    const { nats } = first;
    const bus = await nats.bus();
    const asked: number[] = [];
    bus.subscribe("$JS.API.STREAM.MSG.DELETE.COMMANDS", ({ data }) =>
      asked.push((parseJson(data) as { seq: number }).seq),
    );
    bus.publish("agent.ada.heartbeat", {});
    await waitFor(() => first.server.fleet.get(ada), { what: "ada" });
    const sendAll = async ({ server }: TestServer, ...ids: string[]) => {
      for (const command_id of ids)
        await server.sendCommand({ id: ada, type: "task", text: "x", from: "me", command_id });
    };
    const apply = (command_id: string) =>
      bus.publishStored("agent.ada.receipt", { command_id, state: "applied" });
    await sendAll(first, "c0", "c1");
    await apply("c1");
    await waitFor(async () => (await countOf(bus, "COMMANDS")) === 1, { what: "c1 is removed" });
    await first.server.stop();

    const second = await first.restart();
    await sendAll(second, "c2");
    await apply("c2");
    await waitFor(async () => (await countOf(bus, "COMMANDS")) === 1, { what: "c2 is removed" });
    // Two removals later than that, something else is removed; and nothing was asked for in between.
    for (const command_id of ["c3", "c4"]) {
      await sendAll(second, command_id);
      await apply(command_id);
      await waitFor(async () => (await countOf(bus, "COMMANDS")) === 1, { what: `${command_id} is removed` });
    }
    expect(asked).toEqual([2, 3, 4, 5]);
    await second.server.stop();
  });

  test("an order that nobody can make anything of is removed, also by the leader after one that had no time to", async () => {
    await using first = await startTestServer();
    const bus = await first.nats.bus();
    await first.server.stop();
    // Read by a serve that ends before it removes anything: what is read at a start is not removed at once.
    bus.publish("agent.bob.command", { type: "task", payload: "it waits", command_id: "good" });
    bus.connection.publish("agent.bob.command", "{");
    bus.connection.publish("agent.-.command", "{");
    await bus.flush();
    const second = await first.restart();
    await second.server.stop();
    const third = await second.restart();
    await waitFor(async () => (await countOf(bus, "COMMANDS")) === 1, { what: "the two are removed" });
    expect(third.server.fleet.get(parseAgentId("bob"))?.queued).toBe(1);
    await third.server.stop();
  });

  test("an order that is over is removed once the bucket has its agent's record with it: else a serve that is killed before leaves nothing of it", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    await ensureStreams(bus, { replicas: 1 });
    const fleet = createFleetState(
      () => new Date(),
      () => "",
    );
    const stored = new Set<AgentId>([bob]);
    const lease = { isLeader: () => true, onChange: () => () => undefined };
    const removal = startTakenOrdersRemoval({
      ...{ bus, fleet, lease, log: silentLogger },
      cursor: () => ({ audit_seq: 0, commands_seq: 0 }),
      isStored: (id) => stored.has(id),
    });
    const apply = async (id: AgentId, n: number) => {
      const message = { type: "pause", command_id: `c${n}`, from: "me" } as const;
      await bus.publishStored(`agent.${id}.command`, message);
      const at = new Date().toISOString();
      fleet.apply({ id, at, type: "command", stream_seq: n, message });
      const receipt = { command_id: `c${n}`, state: "applied" } as const;
      fleet.apply({ id, at, type: "receipt", audit_seq: n, message: receipt });
    };
    const left = async () => (await subjectCounts(bus, "COMMANDS")).keys().toArray();
    await apply(ada, 1);
    await apply(bob, 2);
    const isBobGone = async () => !(await left()).includes("agent.bob.command");
    await waitFor(isBobGone, { what: "the removal of the order whose record is stored" });
    expect(await left()).toEqual(["agent.ada.command"]);
    stored.add(ada);
    await waitFor(async () => (await left()).length === 0, { what: "the removal of the other one" });
    removal.stop();
    fleet.stop();
  });
});
