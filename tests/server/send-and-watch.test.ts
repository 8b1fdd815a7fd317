import { describe, expect, test } from "bun:test";
import type { CommandRecord, ReceiptEntry, WaitState } from "../../src/domain/receipts.ts";
import { silentLogger } from "../../src/log.ts";
import type { Bus } from "../../src/nats/bus.ts";
import { consumeOrders } from "../../src/nats/jetstream/follow.ts";
import { sendAndWatch } from "../../src/server/send-and-watch.ts";
import type { OrderRequest } from "../../src/server/send-command.ts";
import { ada } from "../support/agents.ts";
import { startTestServer } from "../support/test-server.ts";
import { waitFor } from "../support/wait-for.ts";

const now = () => new Date();

async function send(bus: Bus, wait: WaitState, order: Partial<OrderRequest> = {}, timeoutMs = 5_000) {
  const receipts: ReceiptEntry[] = [];
  const request = { id: ada, type: "pause" as const, from: "me", ...order };
  const last = await sendAndWatch(bus, request, {
    wait,
    timeoutMs,
    now,
    onReceipt: (entry) => receipts.push(entry),
  });
  return { last, states: receipts.map(({ state }) => state) };
}

/** Answers each order with the given receipts, as a bridge would. */
async function startTaker(bus: Bus, ...states: string[]): Promise<void> {
  consumeOrders(
    bus,
    ada,
    (order) => {
      const { command_id } = JSON.parse(new TextDecoder().decode(order.data)) as { command_id: string };
      for (const state of states) bus.publish("agent.ada.receipt", { command_id, state });
      void order.ack();
    },
    silentLogger,
  );
}

describe("sendAndWatch()", () => {
  test("reports each receipt as it comes, up to the one waited for", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    bus.publish("agent.ada.heartbeat", {});
    await waitFor(() => run.server.fleet.get(ada), { what: "ada" });
    expect((await send(bus, "stored")).states).toEqual(["stored"]);
    await startTaker(await run.nats.bus(), "delivered", "injected", "seen", "applied");
    expect((await send(bus, "delivered")).states).toEqual(["stored", "delivered"]);
    expect((await send(bus, "applied")).states).toEqual([
      "stored",
      "delivered",
      "injected",
      "seen",
      "applied",
    ]);
  });

  test("says how far the command came when the wait is over", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    await expect(send(bus, "delivered", {}, 200)).rejects.toMatchObject({
      code: "no_answer",
      message: "pause to ada is stored, not delivered, after 0.2 s",
      hint: "the order stays in the agent's queue; see its receipts: cliai show ada",
    });
    bus.publish("agent.ada.heartbeat", {});
    await startTaker(await run.nats.bus(), "delivered");
    await expect(send(bus, "applied", {}, 2_000)).rejects.toMatchObject({
      message: "pause to ada is delivered, not applied, after 2 s",
      hint: "the agent's host has it; see its receipts: cliai show ada",
    });
  });

  test("ends the wait at once where no more receipts come, with what is known of that", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    const over = {
      why: "ada is disconnected",
      hint: "the agent gets it when it runs again: cliai resume ada",
    };
    const startedAt = performance.now();
    const sending = sendAndWatch(
      bus,
      { id: ada, type: "task", text: "dig", from: "me" },
      {
        wait: "seen",
        timeoutMs: 60_000,
        now,
        readKnown: async () => ({ receipts: [], over }),
        onReceipt: () => {},
      },
    );
    await expect(sending).rejects.toMatchObject({
      code: "no_answer",
      message: "task to ada is stored, not seen: ada is disconnected",
      hint: over.hint,
    });
    expect(performance.now() - startedAt).toBeLessThan(60_000);
  });

  test("a refusal ends the wait as what it is", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    bus.publish("agent.ada.heartbeat", {});
    await startTaker(await run.nats.bus(), "delivered", "refused");
    expect((await send(bus, "applied")).last.state).toBe("refused");
  });

  test("the same id twice is stored once, and the second sender sees what became of the first", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    bus.publish("agent.ada.heartbeat", {});
    await startTaker(await run.nats.bus(), "delivered");
    await send(bus, "delivered", { command_id: "once" });
    await waitFor(() => run.server.fleet.get(ada)?.commands[0]?.receipts.length === 2, {
      what: "both receipts",
    });
    const readKnown = async () => run.server.fleet.get(ada)?.commands[0];
    const receipts: string[] = [];
    const onReceipt = ({ state }: { state: string }) => receipts.push(state);
    await sendAndWatch(
      bus,
      { id: ada, type: "pause", from: "me", command_id: "once" },
      { wait: "delivered", timeoutMs: 60_000, now, readKnown, onReceipt },
    );
    expect(receipts).toEqual(["stored", "delivered"]);
    const manager = await bus.connection.jetstreamManager();
    expect((await manager.streams.info("COMMANDS")).state.messages).toBe(1);
  });

  test("a receipt that nobody heard on its way is found where the server has it", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    const heard: CommandRecord = {
      command_id: "quiet",
      type: "pause",
      from: "me",
      summary: "",
      stream_seq: 1,
      issued_at: now().toISOString(),
      receipts: [{ state: "expired", at: now().toISOString() }],
    };
    let looks = 0;
    // Not known yet at the first look, as when the server has not written it.
    const readKnown = async () => (looks++ === 0 ? undefined : heard);
    const last = await sendAndWatch(
      bus,
      { id: ada, type: "pause", from: "me", command_id: "quiet" },
      { wait: "applied", timeoutMs: 60_000, now, readKnown, onReceipt: () => {} },
    );
    expect(last.state).toBe("expired");
  });

  test("a receipt that was heard on its way is told once, however often the server is asked for it", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    const receipt = (state: "injected" | "seen") => {
      const body = { agent_id: ada, command_id: "slow", state, run: "run-1", timestamp: now().toISOString() };
      bus.publish("agent.ada.receipt", body);
    };
    let looks = 0;
    const readKnown = async () => {
      looks += 1;
      if (looks === 1) receipt("injected");
      if (looks === 4) receipt("seen");
      const known = { state: "injected" as const, run: "run-1", at: now().toISOString() };
      return looks === 1 ? undefined : { receipts: [known] };
    };
    const told: string[] = [];
    await sendAndWatch(
      bus,
      { id: ada, type: "task", text: "dig", from: "me", command_id: "slow" },
      {
        ...{ wait: "seen", timeoutMs: 60_000, now, readKnown },
        onReceipt: ({ state }) => void told.push(state),
      },
    );
    expect(told).toEqual(["stored", "injected", "seen"]);
  });

  test("a text over 8 MB is refused before it is sent", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    const text = "x".repeat(9 * 1024 * 1024);
    await expect(send(bus, "stored", { type: "task", text })).rejects.toMatchObject({
      code: "payload_too_large",
    });
  });
});
