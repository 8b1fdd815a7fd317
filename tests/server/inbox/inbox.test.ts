// What a run gets that asks for its orders: over a real server, with agents that speak plain NATS.
import { describe, expect, test } from "bun:test";
import type { Heartbeat } from "../../../src/domain/wire/messages.ts";
import { silentLogger } from "../../../src/log.ts";
import { createFleetState, type FleetState } from "../../../src/server/fleet/fleet-state.ts";
import { openHolds } from "../../../src/server/inbox/holds.ts";
import { createInbox } from "../../../src/server/inbox/inbox.ts";
import { commandOf, ada as id, statesOf } from "../../support/agents.ts";
import { listenTo, startTestBridge, textOf } from "../../support/bridge-fixture.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";
import { waitFor } from "../../support/wait-for.ts";

async function beat({ bus, server }: TestServer, instance_id: string) {
  bus.publish("agent.ada.heartbeat", { instance_id, status: "idle", interval_s: 15 });
  await waitFor(() => server.fleet.get(id)?.heartbeat?.instance_id === instance_id, { what: instance_id });
}

async function sendTasks(run: TestServer, ...commandIds: string[]) {
  for (const command_id of commandIds)
    await run.server.sendCommand({ id, type: "task", text: `do ${command_id}`, from: "me", command_id });
  await waitFor(() => commandIds.every((each) => statesOf(run, each).length > 0), { what: "the tasks" });
}

/** The ids of the orders that a call of the run gets, and which of them it may have had before. */
async function takenBy({ bus }: TestServer, instance_id: string, tool: "check_inbox" | "take_orders") {
  const call = { request_id: crypto.randomUUID(), instance_id, tool, arguments: {}, confirms: true };
  const answer = await bus.request("tools.call.ada", call, { timeoutMs: 20_000 });
  const { result } = JSON.parse(new TextDecoder().decode(answer)) as {
    result: { items: { command_id: string; maybe_given_before?: true }[] };
  };
  return result.items.map(({ command_id, maybe_given_before }) => [command_id, maybe_given_before === true]);
}

function timeOf(heartbeat: Heartbeat | undefined): number {
  return Date.parse(heartbeat?.timestamp ?? "");
}

describe("createInbox()", () => {
  test.each(["check_inbox", "take_orders"] as const)(
    "%s gives what an earlier run was handed before later orders, though the receipt of that is read after the heartbeat of the run that asks",
    async (tool) => {
      await using run = await startTestServer();
      await beat(run, "r1");
      await sendTasks(run, "t1", "t2", "t3");
      await beat(run, "r2");
      const receipt = { command_id: "t1", state: "injected", run: "r1" };
      await run.bus.publishStored("agent.ada.receipt", receipt);
      await waitFor(() => commandOf(run, "t1")?.taken_by, { what: "the receipt is read" });
      expect(await takenBy(run, "r2", tool)).toEqual([
        ["t1", true],
        ["t2", false],
        ["t3", false],
      ]);
    },
  );

  test("a run that began while no server was there gets what the run before was handed first, though its next heartbeat is far", async () => {
    await using run = await startTestServer();
    await beat(run, "r1");
    await sendTasks(run, "t1", "t2", "t3");
    await run.bus.publishStored("agent.ada.receipt", { command_id: "t1", state: "injected", run: "r1" });
    await waitFor(() => commandOf(run, "t1")?.taken_by, { what: "the receipt is read" });
    const { heartbeats } = await listenTo(run.bus, id);
    await run.server.stop();
    await using bridge = startTestBridge({ url: run.nats.url, heartbeatIntervalS: 600 });
    const client = await bridge.connect();
    // It sends the last one of its start 1.5 s after the first.
    const lastedMs = () => timeOf(heartbeats.at(-1)) - timeOf(heartbeats[0]);
    await waitFor(() => lastedMs() > 1_400, {
      what: "its last heartbeat of the start",
      saw: () => heartbeats,
    });
    await using second = await run.restart();
    const given = textOf(await client.callTool({ name: "check_inbox", arguments: {} }));
    const { items } = JSON.parse(given.split("\n\n")[0] ?? "") as { items: { command_id: string }[] };
    expect(items.map(({ command_id }) => command_id)).toEqual(["t1", "t2", "t3"]);
    expect(second.server.fleet.get(id)?.heartbeat?.instance_id).not.toBe("r1");
  });

  test("a call of a run that another one has replaced takes nothing from that one", async () => {
    await using run = await startTestServer();
    await beat(run, "r1");
    await sendTasks(run, "t1");
    await beat(run, "r2");
    await run.bus.publishStored("agent.ada.receipt", { command_id: "t1", state: "injected", run: "r2" });
    await waitFor(() => commandOf(run, "t1")?.taken_by, { what: "the receipt is read" });
    expect(await takenBy(run, "r1", "check_inbox")).toEqual([]);
  });

  /** An inbox with one task, over a reading that the test decides. */
  async function startInbox(catchUp: (fleet: FleetState) => Promise<number | undefined>) {
    await using parts = new AsyncDisposableStack();
    const run = parts.use(await startTestServer());
    await beat(run, "r1");
    await sendTasks(run, "t1");
    const now = () => new Date();
    const fleet = createFleetState(now, () => "");
    parts.defer(() => fleet.stop());
    const record = await run.server.fleet.require(id);
    fleet.restore([{ ...record, agent_id: id }]);
    const holds = await openHolds(run.bus, { replicas: 1, mayLive: () => true, now, log: silentLogger });
    parts.defer(() => holds.stop());
    const inbox = createInbox({
      ...{ bus: run.bus, fleet, holds, requests: run.server.requests, roleOf: () => "agent", now },
      projector: { catchUp: () => catchUp(fleet) },
      onEvent: fleet.apply,
    });
    const call = { requestId: "q1", confirms: true, call: { tool: "check_inbox" } };
    const taken = async () => (await inbox.take(id, call)).items.map(({ command_id }) => command_id);
    const whole = parts.move();
    return { taken, [Symbol.asyncDispose]: () => whole.disposeAsync() };
  }

  test("nothing is handed out before what is stored for the agent has been read", async () => {
    await using run = await startInbox(() => Promise.resolve(undefined));
    await expect(run.taken()).rejects.toMatchObject({
      code: "no_answer",
      message: "what is stored for ada could not be read in time: the server is too slow",
    });
  });

  test("what is read late counts: an order that was handed over meanwhile is not handed out again", async () => {
    let tries = 0;
    await using run = await startInbox(async (fleet) => {
      tries += 1;
      if (tries < 3) return undefined;
      const message = { command_id: "t1", state: "injected", run: "r1" } as const;
      fleet.apply({ type: "receipt", id, at: new Date().toISOString(), audit_seq: 1_000, message });
      return 1_000;
    });
    expect([await run.taken(), tries]).toEqual([[], 3]);
  });

  test("an agent is handed what waits once that is read", async () => {
    let tries = 0;
    await using run = await startInbox(async () => {
      tries += 1;
      return tries < 3 ? undefined : 0;
    });
    expect(await run.taken()).toEqual(["t1"]);
  });
});
