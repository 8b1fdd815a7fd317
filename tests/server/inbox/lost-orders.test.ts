import { describe, expect, test } from "bun:test";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { silentLogger } from "../../../src/log.ts";
import { startNatsServer } from "../../../src/nats/child/server-process.ts";
import { connectBus } from "../../../src/nats/connect-bus.ts";
import { consumeOrders, type Order } from "../../../src/nats/jetstream/follow.ts";
import { createFleetState } from "../../../src/server/fleet/fleet-state.ts";
import { endLostOrders } from "../../../src/server/inbox/lost-orders.ts";
import type { OrderEnds } from "../../../src/server/inbox/order-ends.ts";
import { startServer } from "../../../src/server/start-server.ts";
import { ada } from "../../support/agents.ts";
import { testServerBinary } from "../../support/nats.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { startTestServer } from "../../support/test-server.ts";
import { waitFor } from "../../support/wait-for.ts";

async function startOver(dir: TempDir) {
  await using starting = new AsyncDisposableStack();
  const nats = await startNatsServer({
    binary: await testServerBinary(),
    dir: dir.path,
    port: 0,
    log: silentLogger,
  });
  starting.defer(() => nats.stop());
  const bus = await connectBus({ url: nats.url, name: "serve", log: silentLogger });
  starting.defer(() => bus.close());
  const server = await startServer(bus, {
    version: "0.0.0-test",
    replicas: 1,
    insecure: false,
    natsRestarts: nats.restarts,
    now: () => new Date(),
    log: silentLogger,
  });
  starting.defer(() => server.stop());
  const parts = starting.move();
  return { bus, server, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

/** Stores tasks that a bridge has had and nobody has taken, and ends everything. */
async function fill(dir: TempDir, count: number): Promise<void> {
  await using run = await startOver(dir);
  run.bus.publish("agent.ada.heartbeat", { status: "idle" });
  await waitFor(() => run.server.fleet.get(ada), { what: "ada" });
  for (let i = 0; i < count; i += 1)
    await run.server.sendCommand({
      id: ada,
      type: "task",
      text: `task ${i}`,
      command_id: `c${i}`,
      from: "me",
    });
  await waitFor(() => run.server.fleet.get(ada)?.commands.length === count, { what: "the commands" });
  let acknowledged = 0;
  const acknowledge = async (order: Order) => {
    await order.ack();
    acknowledged += 1;
  };
  const orders = consumeOrders(run.bus, ada, (order) => void acknowledge(order), silentLogger);
  await waitFor(() => acknowledged === count, { what: "the acknowledgements" });
  await orders.stop();
}

const messagesOf = (dir: TempDir) => dir.join("jetstream", "$G", "streams", "COMMANDS", "msgs");

describe("endLostOrders()", () => {
  test("a damaged block: the stream ends earlier, what was lost ends as failed, and new orders arrive all the same", async () => {
    await using dir = await tempDir();
    await fill(dir, 40);
    const block = await open(join(messagesOf(dir), "1.blk"), "r+");
    await block.write(Buffer.alloc(500, 0x5a), 0, 500, 6_000);
    await block.close();

    await using run = await startOver(dir);
    const ends = () =>
      run.server.fleet.get(ada)?.commands.map(({ receipts }) => receipts.at(-1)?.state ?? "none") ?? [];
    const waiting = run.server.fleet.get(ada)?.queued ?? 0;
    // Of those that end here, a record keeps 20.
    expect(waiting).toBeGreaterThan(20);
    expect(waiting).toBeLessThan(40);
    await waitFor(() => ends().filter((state) => state === "failed").length === 40 - waiting, {
      what: "the lost ones' end",
      saw: ends,
    });
    const [alert] = run.server.alerts.open();
    expect(alert).toMatchObject({ kind: "store_damaged", severity: "critical" });
    expect(alert?.message).toMatch(/COMMANDS ends at \d+, and was read to 40; \d+ orders .* ended as failed/);
    expect(ends().filter((state) => state === "stored")).toHaveLength(waiting);
    expect(run.server.health()).toMatchObject({ ready: true, damage: alert?.message });

    await run.server.sendCommand({ id: ada, type: "task", text: "new", command_id: "new", from: "me" });
    await waitFor(() => run.server.fleet.get(ada)?.commands.some(({ command_id }) => command_id === "new"), {
      what: "the new one in the fleet",
    });
    const taken: string[] = [];
    const orders = consumeOrders(
      run.bus,
      ada,
      (order) => taken.push(new TextDecoder().decode(order.data)),
      silentLogger,
    );
    await waitFor(() => taken.some((text) => text.includes('"new"')), {
      what: "the new one at the bridge",
      saw: () => taken,
    });
    expect(taken).toHaveLength(waiting + 1);
    await orders.stop();
  });

  test("a serve that ends before it has ended what was lost: the next one ends it", async () => {
    await using dir = await tempDir();
    await fill(dir, 40);
    const block = await open(join(messagesOf(dir), "1.blk"), "r+");
    await block.write(Buffer.alloc(500, 0x5a), 0, 500, 6_000);
    await block.close();

    const lastStates = ({ server }: Awaited<ReturnType<typeof startOver>>) =>
      server.fleet
        .get(ada)
        ?.commands.map(({ command_id, receipts }) => `${command_id} ${receipts.at(-1)?.state}`) ?? [];
    const ended = await startOver(dir);
    // Nothing was awaited since its start, so it has not looked for them yet.
    const states = lastStates(ended);
    const queued = ended.server.fleet.get(ada)?.queued ?? 0;
    await ended[Symbol.asyncDispose]();
    expect(states.every((each) => each.endsWith(" stored"))).toBe(true);
    expect(queued).toBeLessThan(40);

    await using run = await startOver(dir);
    await waitFor(() => lastStates(run).filter((each) => each.endsWith(" failed")).length === 40 - queued, {
      what: "the lost ones' end",
      saw: () => lastStates(run),
    });
    expect(lastStates(run).filter((each) => each.endsWith(" stored"))).toHaveLength(queued);
    expect(run.server.alerts.open()[0]?.message).toContain(
      `${40 - queued} orders that waited for an agent ended as failed`,
    );
  });

  test("a block that is gone: every order that was in it ends as failed", async () => {
    await using dir = await tempDir();
    await fill(dir, 5);
    await rm(join(messagesOf(dir), "1.blk"));
    await using run = await startOver(dir);
    await waitFor(
      () => run.server.fleet.get(ada)?.commands.every(({ receipts }) => receipts.at(-1)?.state === "failed"),
      { what: "the end of all five", saw: () => run.server.fleet.get(ada)?.commands },
    );
    expect(run.server.alerts.open().map(({ message }) => message)).toEqual([
      "5 orders that waited for an agent ended as failed: the store has lost them",
    ]);
  });

  test("an order whose end cannot be stored holds up no other, and is tried again; one that was taken meanwhile has no such end", async () => {
    await using run = await startTestServer();
    const fleet = createFleetState(
      () => new Date(),
      () => "",
    );
    const orderOf = (command_id: string, seq: number) => {
      const message = { type: "task", command_id, from: "me", payload: "go" } as const;
      fleet.apply({ id: ada, at: new Date().toISOString(), type: "command", stream_seq: seq, message });
      const command = fleet.record(ada)?.commands.at(-1);
      if (command === undefined) throw new Error(`no ${command_id}`);
      return { id: ada, command };
    };
    // The store has none of them.
    const [, , taken] = ["c1", "c2", "c3"].map((commandId, n) => orderOf(commandId, n + 1));
    const handed = { command_id: "c3", state: "injected" } as const;
    fleet.apply({ id: ada, at: new Date().toISOString(), type: "receipt", audit_seq: 1, message: handed });
    const ended: string[] = [];
    let failures = 0;
    const store: OrderEnds["store"] = async (_, decide) => {
      const receipt = decide();
      if (receipt?.command_id === "c1" && failures < 2) {
        failures += 1;
        throw new Error("the store is full");
      }
      if (receipt !== undefined) ended.push(`${receipt.command_id} ${receipt.state}`);
      return receipt;
    };
    const told: string[] = [];
    await endLostOrders(
      {
        ...{ bus: run.bus, fleet, projector: { catchUp: async () => 0 }, orderEnds: { store } },
        ...{ alerts: { raiseOwn: () => undefined }, againAfterMs: 10, now: () => new Date() },
        log: { ...silentLogger, warn: (text) => told.push(text) },
      },
      {
        records: [],
        cursor: { audit_seq: 0, commands_seq: 0 },
        lost: taken === undefined ? [] : [taken],
        damage: [],
      },
      new AbortController().signal,
    );
    expect(ended).toEqual(["c2 failed", "c1 failed"]);
    expect(told).toHaveLength(2);
    expect(told[0]).toContain("the store is full");
    fleet.stop();
  });
});
