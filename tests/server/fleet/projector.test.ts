import { describe, expect, test } from "bun:test";
import { agentSubject } from "../../../src/domain/wire/subjects.ts";
import { silentLogger as log } from "../../../src/log.ts";
import { connectBus } from "../../../src/nats/connect-bus.ts";
import { ensureStreams } from "../../../src/nats/jetstream/streams.ts";
import { catchUpWithinMs, startProjector } from "../../../src/server/fleet/projector.ts";
import { createReadPosition } from "../../../src/server/fleet/read-position.ts";
import { storeCommand } from "../../../src/server/send-command.ts";
import { ada, bob } from "../../support/agents.ts";
import { startTestNats } from "../../support/nats.ts";
import { startTestServer } from "../../support/test-server.ts";
import { waitFor } from "../../support/wait-for.ts";

const commands = Array.from({ length: 60 }, (_, n) => `c${n}`);

describe("startProjector()", () => {
  test("what an agent was told and said while no server ran is all known to the next one", async () => {
    await using first = await startTestServer();
    first.bus.publish(agentSubject(ada, "heartbeat"), { status: "working" });
    await waitFor(() => first.server.fleet.get(ada), { what: "ada" });
    await first.server.stop();
    const sender = await first.nats.bus("sender");
    for (const command_id of commands) {
      await storeCommand(sender, { id: ada, type: "task", text: "go", from: "me", command_id }, new Date());
      await sender.publishStored(agentSubject(ada, "receipt"), { command_id, state: "delivered" });
    }
    await using second = await first.restart();
    const known = second.server.fleet.get(ada)?.commands ?? [];
    expect(known.map(({ command_id }) => command_id).toSorted()).toEqual(commands.toSorted());
    for (const { receipts } of known) {
      expect(receipts.map(({ state }) => state)).toEqual(["stored", "delivered"]);
    }
  });

  test("a reader that missed orders which are gone from the stream waits for none of them", async () => {
    await using run = await startTestServer();
    run.bus.publish(agentSubject(ada, "heartbeat"), { status: "idle" });
    await waitFor(() => run.server.fleet.get(ada), { what: "ada" });
    const lost = new Promise<void>((resolve) => {
      run.bus.onConnection((connected) => connected || resolve());
    });
    run.nats.kill();
    await lost;
    // Stored and removed by another serve before this one is back.
    const { url } = run.nats;
    const other = await connectBus({
      url,
      name: "another serve",
      waitForServer: true,
      firstReconnectMs: 5,
      log,
    });
    await using _ = { [Symbol.asyncDispose]: () => other.close() };
    const manager = await other.connection.jetstream().jetstreamManager(false);
    const { seq } = await waitFor(
      () =>
        other.publishStored("agent.ada.command", { type: "task" }, { timeoutMs: 200 }).catch(() => undefined),
      { what: "the order", intervalMs: 5 },
    );
    await manager.streams.deleteMessage("COMMANDS", seq);
    expect(run.bus.isConnected()).toBe(false);
    await waitFor(() => run.bus.isConnected(), { what: "the connection" });
    const call = { request_id: crypto.randomUUID(), agent_id: ada, tool: "check_inbox", arguments: {} };
    const startedAt = performance.now();
    const answer = await run.bus.request("tools.call.ada", call, { timeoutMs: 60_000 });
    expect(JSON.parse(new TextDecoder().decode(answer))).toMatchObject({ success: true });
    expect(performance.now() - startedAt).toBeLessThan(catchUpWithinMs);
  });

  test("catchUp() tells the last receipt that it has read, and nothing if it has not read all in time", async () => {
    await using run = await startTestServer();
    expect(await run.server.catchUp(ada)).toBe(0);
    const receipt = { command_id: "c1", state: "delivered" };
    const { seq } = await run.bus.publishStored(agentSubject(ada, "receipt"), receipt);
    expect(await run.server.catchUp(ada)).toBe(seq);
    await run.server.stop();
    await run.bus.publishStored(agentSubject(ada, "receipt"), receipt);
    expect(await run.server.catchUp(ada)).toBeUndefined();
  });

  test("an event that cannot be applied is told in the log, and stops nothing: not what comes after it, nor who waits for it", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    await ensureStreams(bus, { replicas: 1 });
    const told: string[] = [];
    const applied: string[] = [];
    const position = createReadPosition({ audit_seq: 0, commands_seq: 0 });
    const projector = await startProjector(bus, {
      position,
      recordOf: () => undefined,
      onEvent: ({ id, type }) => {
        if (id === ada) throw new Error(`no room for ${id}`);
        applied.push(`${type} of ${id}`);
      },
      onMalformed: () => undefined,
      onUnusableOrder: () => undefined,
      now: () => new Date(),
      log: { ...log, error: (text) => told.push(text) },
    });
    for (const id of [bob, ada, bob, ada]) {
      bus.publish(agentSubject(id, "heartbeat"), { status: "idle" });
      const order = { id, type: "task", text: "go", from: "me" } as const;
      await storeCommand(bus, { ...order, command_id: crypto.randomUUID() }, new Date());
      await bus.publishStored(agentSubject(id, "receipt"), { command_id: "c", state: "delivered" });
    }
    expect(await projector.catchUp(ada)).toBeGreaterThan(0);
    const ofEach = ["command of bob", "heartbeat of bob", "receipt of bob"];
    expect(applied.toSorted()).toEqual(ofEach.flatMap((each) => [each, each]));
    expect(told).toHaveLength(6);
    expect(told).toContain("an event of agent.ada.heartbeat cannot be applied: no room for ada");
    await projector.stop();
  });
});
