import { describe, expect, test } from "bun:test";
import { createReceiptQueue, noteTokens } from "../../src/agent-link/receipt-queue.ts";
import { CliaiError } from "../../src/domain/text/errors.ts";
import { agentSubject, streams } from "../../src/domain/wire/subjects.ts";
import { silentLogger } from "../../src/log.ts";
import type { Bus } from "../../src/nats/bus.ts";
import { readStream } from "../../src/nats/jetstream/read-stream.ts";
import { ensureStreams } from "../../src/nats/jetstream/streams.ts";
import { ada } from "../support/agents.ts";
import { startTestNats } from "../support/nats.ts";
import { until } from "../support/wait-for.ts";

const at = "2026-05-03T12:00:00.000Z";

/** A queue over a real nats-server, whose connection the test gives and takes. */
async function start({ isAway = false } = {}) {
  const nats = await startTestNats();
  const bus = await nats.bus();
  await ensureStreams(bus, { replicas: 1 });
  const logged: string[] = [];
  const back = Promise.withResolvers<Bus>();
  if (!isAway) back.resolve(bus);
  const queue = createReceiptQueue({
    id: ada,
    link: {
      async connected(signal) {
        const gone = Promise.withResolvers<never>();
        signal.addEventListener("abort", () => gone.reject(new CliaiError("nats_unreachable", "gone")));
        return await Promise.race([back.promise, gone.promise]);
      },
    },
    now: () => new Date(at),
    log: { ...silentLogger, warn: (text) => void logged.push(text) },
  });
  const stored = async () => {
    const receipts: string[] = [];
    for await (const { subject, data } of readStream(bus, { stream: streams.audit })) {
      if (subject !== agentSubject(ada, "receipt")) continue;
      const { command_id, state, ...rest } = JSON.parse(new TextDecoder().decode(data));
      expect(rest).toMatchObject({ agent_id: "ada", timestamp: at });
      receipts.push([command_id, state, rest.route, rest.run, rest.token].filter(Boolean).join(" "));
    }
    return receipts;
  };
  return {
    ...{ queue, bus, logged, stored, comeBack: () => back.resolve(bus) },
    [Symbol.asyncDispose]: () => nats[Symbol.asyncDispose](),
  };
}

describe("createReceiptQueue()", () => {
  test("stores receipts in their order, each with the run, the route and the token that it is known by", async () => {
    await using run = await start();
    run.queue.noteToken("t1", "k1");
    run.queue.write({ command_id: "t1", state: "delivered" });
    run.queue.writeHandedOver(["t1", "t2"], "hook", "r1");
    run.queue.write({ command_id: "t1", state: "seen" });
    await run.queue.close(5_000);
    expect(await run.stored()).toEqual([
      "t1 delivered k1",
      "t1 injected hook r1 k1",
      "t2 injected hook r1",
      "t1 seen k1",
    ]);
  });

  test("keeps what is written while NATS is away, and stores it when it is back", async () => {
    await using run = await start({ isAway: true });
    for (const state of ["delivered", "injected", "seen"] as const)
      run.queue.write({ command_id: "t1", state });
    expect(await run.stored()).toEqual([]);
    run.comeBack();
    await run.queue.close(5_000);
    expect(await run.stored()).toEqual(["t1 delivered", "t1 injected", "t1 seen"]);
  });

  test("a token that comes later belongs to the receipts that come after it", async () => {
    await using run = await start();
    run.queue.write({ command_id: "t1", state: "delivered" });
    noteTokens(run.queue, { t1: "k1", t2: "k2" });
    run.queue.write({ command_id: "t1", state: "seen" });
    run.queue.write({ command_id: "t2", state: "seen" });
    await run.queue.close(5_000);
    expect(await run.stored()).toEqual(["t1 delivered", "t1 seen k1", "t2 seen k2"]);
  });

  test("tries again until the store takes it, tells the trouble once, and loses nothing", async () => {
    await using run = await start();
    const { streams: api } = await run.bus.connection.jetstreamManager();
    const { config } = await api.info(streams.audit);
    await api.update(streams.audit, { ...config, max_msg_size: 10 });
    run.queue.write({ command_id: "t1", state: "delivered" });
    run.queue.write({ command_id: "t1", state: "seen" });
    await until("the trouble", () => run.logged.length > 0);
    await api.update(streams.audit, config);
    await until("both", async () => (await run.stored()).length === 2);
    expect(await run.stored()).toEqual(["t1 delivered", "t1 seen"]);
    expect(run.logged).toHaveLength(1);
    await run.queue.close(0);
  });

  test("close() waits no longer than it may, and what is left is its result and is not stored afterwards", async () => {
    await using run = await start({ isAway: true });
    run.queue.write({ command_id: "t1", state: "delivered" });
    const beganMs = performance.now();
    expect(await run.queue.close(50)).toMatchObject([
      { command_id: "t1", state: "delivered", timestamp: at },
    ]);
    expect(performance.now() - beganMs).toBeLessThan(10_000);
    run.comeBack();
    run.queue.write({ command_id: "t1", state: "seen" });
    await run.queue.close(1_000);
    expect(await run.stored()).toEqual([]);
  });

  test("a receipt that can never be stored holds up none that comes after it", async () => {
    await using run = await start();
    run.queue.write({ command_id: "t1", state: "failed", detail: "x".repeat(9 * 1024 * 1024) });
    run.queue.write({ command_id: "t2", state: "delivered" });
    expect(await run.queue.close(5_000)).toEqual([]);
    expect(await run.stored()).toEqual(["t2 delivered"]);
    expect(run.logged[0]).toContain("over the limit of 8 MB");
  });
});
