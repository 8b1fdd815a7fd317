import { describe, expect, test } from "bun:test";
import { agentSubject } from "../../../src/domain/wire/subjects.ts";
import { silentLogger as log } from "../../../src/log.ts";
import { connectBus } from "../../../src/nats/connect-bus.ts";
import { ensureStreams } from "../../../src/nats/jetstream/streams.ts";
import {
  catchUpWithinMs,
  type ProjectorOptions,
  startProjector,
} from "../../../src/server/fleet/projector.ts";
import { createReadPosition } from "../../../src/server/fleet/read-position.ts";
import { storeCommand } from "../../../src/server/send-command.ts";
import { ada, bob } from "../../support/agents.ts";
import { startTestNats } from "../../support/nats.ts";
import { leastRatio, msOf } from "../../support/quickest.ts";
import { startTestServer } from "../../support/test-server.ts";
import { waitFor } from "../../support/wait-for.ts";

const commands = Array.from({ length: 60 }, (_, n) => `c${n}`);

/** A projector alone. `applied` has what it has applied. */
async function startProjecting(more: Partial<Pick<ProjectorOptions, "onEvent" | "log">> = {}) {
  await using parts = new AsyncDisposableStack();
  const nats = parts.use(await startTestNats());
  const bus = await nats.bus();
  await ensureStreams(bus, { replicas: 1 });
  const applied: string[] = [];
  const projector = await startProjector(bus, {
    position: createReadPosition({ audit_seq: 0, commands_seq: 0 }),
    recordOf: () => undefined,
    onMalformed: () => undefined,
    onUnusableOrder: () => undefined,
    onRewound: () => undefined,
    now: () => new Date(),
    log,
    ...more,
    onEvent: (event) => {
      more.onEvent?.(event);
      applied.push(`${event.type} of ${event.id}`);
    },
  });
  parts.defer(() => projector.stop());
  const whole = parts.move();
  return { bus, projector, applied, [Symbol.asyncDispose]: () => whole.disposeAsync() };
}

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
    /** An order is stored and removed by another serve, if that is quick enough, before this one is back. */
    const missesOrder = async () => {
      const lost = Promise.withResolvers<void>();
      const unlisten = run.bus.onConnection((connected) => connected || lost.resolve());
      run.nats.kill();
      await lost.promise;
      unlisten();
      const { seq } = await waitFor(
        () =>
          other
            .publishStored("agent.ada.command", { type: "task" }, { timeoutMs: 200 })
            .catch(() => undefined),
        { what: "the order", intervalMs: 5 },
      );
      await manager.streams.deleteMessage("COMMANDS", seq);
      return !run.bus.isConnected();
    };
    await waitFor(missesOrder, { what: "an order that it has missed" });
    await waitFor(() => run.bus.isConnected(), { what: "the connection" });
    const ask = async () => {
      const call = { request_id: crypto.randomUUID(), agent_id: ada, tool: "check_inbox", arguments: {} };
      const answer = await run.bus.request("tools.call.ada", call, { timeoutMs: 60_000 });
      expect(JSON.parse(new TextDecoder().decode(answer))).toMatchObject({ success: true });
    };
    expect(await leastRatio(1, async () => (await msOf(ask)) / catchUpWithinMs)).toBeLessThan(1);
  });

  test("catchUp() tells the last receipt that it has read, and nothing if it has not read all in time", async () => {
    await using run = await startProjecting();
    const { bus, projector } = run;
    expect(await projector.catchUp(ada)).toBe(0);
    const receipt = { command_id: "c1", state: "delivered" };
    const { seq } = await bus.publishStored(agentSubject(ada, "receipt"), receipt);
    expect(await projector.catchUp(ada)).toBe(seq);
    await projector.stop();
    await bus.publishStored(agentSubject(ada, "receipt"), receipt);
    expect(await projector.catchUp(ada)).toBeUndefined();
  });

  test.each([
    ["status", { status: "stopped" }],
    ["event", { kind: "said", detail: "done" }],
    ["receipt", { command_id: "c1", state: "delivered" }],
  ] as const)(
    "catchUpAll() waits for the agent's last %s, though much else is stored before it",
    async (topic, body) => {
      await using run = await startProjecting();
      const { bus, projector, applied } = run;
      for (let n = 0; n < 3_000; n += 1)
        bus.publish(agentSubject(bob, "event"), { kind: "said", detail: "hm" });
      await bus.publishStored(agentSubject(ada, topic), body);
      const last = `${topic} of ada`;
      expect(applied).not.toContain(last);
      await projector.catchUpAll(ada);
      expect(applied).toContain(last);
    },
  );

  test("an event that cannot be applied is told in the log, and stops nothing: not what comes after it, nor who waits for it", async () => {
    const told: string[] = [];
    await using run = await startProjecting({
      onEvent: ({ id }) => {
        if (id === ada) throw new Error(`no room for ${id}`);
      },
      log: { ...log, error: (text) => told.push(text) },
    });
    const { bus, projector, applied } = run;
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
  });
});
