import { describe, expect, test } from "bun:test";
import { CliaiError } from "../../../src/domain/text/errors.ts";
import { silentLogger } from "../../../src/log.ts";
import { askForCancel, openCancelDesk } from "../../../src/server/inbox/cancel-desk.ts";
import { createOrderEnds } from "../../../src/server/inbox/order-ends.ts";
import { agentOn, startAgent } from "../../support/agent-fixture.ts";
import { ada, statesOf } from "../../support/agents.ts";
import { startTestNats } from "../../support/nats.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";
import { waitFor } from "../../support/wait-for.ts";

const cancel = ({ bus }: TestServer, command_id: string) => askForCancel(bus, { command_id, from: "eve" });
const task = async ({ server }: TestServer, command_id: string, more: object = {}) => {
  await server.sendCommand({ id: ada, type: "task", text: "tidy up", from: "me", command_id, ...more });
  await waitFor(() => server.fleet.get(ada)?.commands.some((each) => each.command_id === command_id), {
    what: `${command_id} is known`,
  });
};

describe("openCancelDesk()", () => {
  test("an order that waits is taken back with a receipt that says so, leaves the stream, and is not handed out", async () => {
    await using run = await startTestServer();
    const agent = await startAgent(run, run.bus, "ada");
    await task(run, "first-one");
    await task(run, "second");
    await run.bus.publishStored("agent.ada.receipt", { command_id: "first-one", state: "delivered" });
    expect(await cancel(run, "first")).toEqual({
      ...{ agent_id: ada, command_id: "first-one", type: "task", summary: "tidy up" },
      ...{ state: "refused", detail: "taken back by eve" },
    });
    await waitFor(() => statesOf(run, "first-one").at(-1) === "refused", { what: "its receipt" });
    const receipts = run.server.fleet.get(ada)?.commands[0]?.receipts;
    expect(receipts?.at(-1)).toMatchObject({ state: "refused", detail: "taken back by eve" });
    expect((await agent.inbox()).map(({ command_id }) => command_id)).toEqual(["second"]);
    const manager = await run.bus.connection.jetstreamManager();
    await waitFor(async () => (await manager.streams.info("COMMANDS")).state.messages === 0, {
      what: "both leave the stream",
    });
    await expect(cancel(run, "first-one")).rejects.toMatchObject({
      code: "refused",
      message: "task first-one to ada is refused",
    });
  });

  test("what was given is refused with its state, and so is a control order, and what there is not", async () => {
    await using run = await startTestServer();
    const agent = await startAgent(run, run.bus, "ada");
    await task(run, "t1");
    await agent.inbox();
    await expect(cancel(run, "t1")).rejects.toMatchObject({
      code: "refused",
      message: "task t1 to ada is injected",
    });
    await run.server.sendCommand({ id: ada, type: "pause", from: "me", command_id: "p1" });
    await waitFor(() => statesOf(run, "p1").length === 1, { what: "p1 is known" });
    await expect(cancel(run, "p1")).rejects.toMatchObject({
      code: "refused",
      message: "pause p1 to ada is stored, and takes effect by itself",
      hint: "let it go on: cliai resume ada",
    });
    await expect(cancel(run, "t9")).rejects.toMatchObject({ code: "order_unknown" });
    for (const id of ["same-1", "same-2"]) await task(run, id);
    await expect(cancel(run, "same")).rejects.toMatchObject({
      code: "usage",
      message: '"same" means several orders: same-1 (ada), same-2 (ada)',
    });
    await expect(cancel(run, "sam")).rejects.toMatchObject({ code: "order_unknown" });
  });

  test("what a host has in hand is refused while that run may live, and taken back once it has said goodbye", async () => {
    await using run = await startTestServer();
    const instance_id = "run-1";
    run.bus.publish("agent.ada.heartbeat", {
      instance_id,
      seq: 1,
      waits_because: "its terminal has an unfinished line",
    });
    await waitFor(() => run.server.fleet.get(ada)?.heartbeat?.waits_because, { what: "ada" });
    await task(run, "t1");
    const body = { request_id: "r1", tool: "take_orders", arguments: {}, confirms: true, instance_id };
    const handed = await run.bus.request("tools.call.ada", body, { timeoutMs: 60_000 });
    expect(new TextDecoder().decode(handed)).toContain("tidy up");
    await expect(cancel(run, "t1")).rejects.toMatchObject({
      code: "refused",
      message:
        "task t1 to ada is delivered: its host is handing it over, and waits because its terminal has an unfinished line",
    });
    expect(statesOf(run, "t1")).not.toContain("refused");
    run.bus.publish("agent.ada.status", { status: "crashed", message: "SIGKILL", instance_id });
    await waitFor(() => run.server.fleet.get(ada)?.status === "crashed", { what: "it has crashed" });
    expect(await cancel(run, "t1")).toMatchObject({ state: "refused" });
    run.bus.publish("agent.ada.heartbeat", { instance_id: "run-2", seq: 1 });
    await waitFor(() => run.server.fleet.get(ada)?.heartbeat?.instance_id === "run-2", {
      what: "another run",
    });
    expect(await agentOn(run.bus, "ada").inbox()).toEqual([]);
  });

  test.each([
    ["no_answer", []],
    ["store_unavailable", ["t1"]],
  ] as const)(
    "an order whose receipt fails with %s is released only if that receipt cannot come later: %j",
    async (code, expected) => {
      await using run = await startTestServer();
      await startAgent(run, run.bus, "ada");
      await task(run, "t1");
      await using nats = await startTestNats();
      const bus = await nats.bus();
      const released: string[] = [];
      const failing = { ...bus, publishStored: () => Promise.reject(new CliaiError(code, "a slow disk")) };
      const projector = { catchUp: () => Promise.resolve(0) };
      const close = openCancelDesk(failing, {
        fleet: { record: run.server.fleet.get, records: () => run.server.fleet.list().values() },
        holds: {
          take: (_, items) => Promise.resolve(items),
          release: async (_, ids) => void released.push(...ids),
        },
        projector,
        orderEnds: createOrderEnds({ bus: failing, projector }),
        ...{ now: () => new Date(), log: silentLogger },
      });
      await expect(askForCancel(bus, { command_id: "t1", from: "eve" })).rejects.toMatchObject({ code });
      expect(released).toEqual([...expected]);
      close();
    },
  );
});
