// Records in the bucket `agents` that are older than the cursor, as after a damaged block, a power cut or a downgrade; and
// records that are gone.
import { describe, expect, test } from "bun:test";
import { openExistingBucket } from "../../../src/nats/jetstream/bucket.ts";
import { removeBridge } from "../../../src/nats/jetstream/consumers.ts";
import { ada } from "../../support/agents.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";
import { waitFor } from "../../support/wait-for.ts";

const send = ({ server }: TestServer, command_id: string) =>
  server.sendCommand({ id: ada, type: "task", text: command_id, command_id, from: "me" });

const lastStates = ({ server }: TestServer) =>
  Object.fromEntries(
    (server.fleet.get(ada)?.commands ?? []).map(({ command_id, receipts }) => [
      command_id,
      receipts.at(-1)?.state,
    ]),
  );

async function receipt({ bus }: TestServer, command_id: string, state: string): Promise<void> {
  await bus.publishStored("agent.ada.receipt", { command_id, state });
}

/** Fills the audit beyond what is read again at every start. */
async function fillAudit({ bus }: TestServer): Promise<void> {
  for (let i = 0; i < 6_000; i += 1) bus.publish("agent.bob.event", { kind: "activity", detail: `${i}` });
  await bus.flush();
}

async function startWithOrders() {
  const run = await startTestServer();
  run.bus.publish("agent.ada.heartbeat", { status: "idle" });
  await waitFor(() => run.server.fleet.get(ada), { what: "ada" });
  await send(run, "task-early");
  await waitFor(() => lastStates(run)["task-early"] === "stored", { what: "the first order" });
  return run;
}

const recordKept = async ({ bus }: TestServer) => await (await openExistingBucket(bus, "agents")).get("ada");

describe("readMissedReports()", () => {
  test("orders and receipts that an older record lacks are read again: nothing stays unseen, and nothing is given twice", async () => {
    await using run = await startWithOrders();
    const older = await waitFor(() => recordKept(run), { what: "the record" });
    await send(run, "task-late");
    await receipt(run, "task-early", "delivered");
    await receipt(run, "task-early", "injected");
    await run.bus.publishStored("agent.ada.status", { status: "working", message: "at it" });
    await fillAudit(run);
    await waitFor(
      () => lastStates(run)["task-early"] === "injected" && lastStates(run)["task-late"] === "stored",
      {
        what: "all taken in",
        saw: () => lastStates(run),
      },
    );
    const again = await run.restart(async () => {
      await (await openExistingBucket(run.bus, "agents")).put("ada", older);
    });
    expect(lastStates(again)).toEqual({ "task-early": "injected", "task-late": "stored" });
    expect(again.server.fleet.get(ada)?.said).toMatchObject({ status: "working", message: "at it" });
    expect(again.server.health()).toMatchObject({ ready: true });
    await again.server.stop();
  });

  test("the orders of an agent whose record is gone make it known again, with what became of them", async () => {
    await using run = await startWithOrders();
    await send(run, "task-late");
    await receipt(run, "task-early", "injected");
    await fillAudit(run);
    await waitFor(() => lastStates(run)["task-early"] === "injected", { what: "all taken in" });
    const again = await run.restart(async () => {
      const manager = await run.bus.connection.jetstreamManager();
      await manager.streams.purge("KV_agents");
    });
    // The one that was taken may have been removed from the stream by now.
    expect(lastStates(again)).toMatchObject({ "task-late": "stored" });
    expect(lastStates(again)["task-early"]).toBe("injected");
    await again.server.stop();
  });

  test("what an agent of the same id said before it was removed says nothing of its successor", async () => {
    await using run = await startWithOrders();
    await receipt(run, "task-early", "failed");
    await run.bus.publishStored("agent.ada.status", { status: "working", message: "the first ada" });
    await fillAudit(run);
    await run.bus.publishStored("agent.ada.status", { status: "working", message: "the first ada, later" });
    await waitFor(() => run.server.fleet.get(ada)?.said?.message === "the first ada, later", {
      what: "its status",
    });
    const again = await run.restart(async () => {
      await removeBridge(run.bus, ada);
      await (await openExistingBucket(run.bus, "agents")).erase("ada");
    });
    again.bus.publish("agent.ada.heartbeat", { status: "idle" });
    await waitFor(() => again.server.fleet.get(ada), { what: "the successor" });
    const third = await again.restart();
    expect(third.server.fleet.get(ada)?.said).toMatchObject({ status: "idle" });
    expect(third.server.fleet.get(ada)?.commands).toEqual([]);
    await third.server.stop();
  });
});
