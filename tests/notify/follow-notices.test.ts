import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { testNotice } from "../../src/domain/notices/fleet-notices.ts";
import { createLogger, silentLogger } from "../../src/log.ts";
import { followNotices } from "../../src/notify/follow-notices.ts";
import { openNoticeStore } from "../../src/notify/notice-store.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";
import { until } from "../support/wait-for.ts";

let run: TestServer;
beforeAll(async () => {
  run = await startTestServer({ insecure: true });
});
afterAll(async () => {
  await run?.[Symbol.asyncDispose]();
});

const ackWaitMs = 100;

/** How often nats-server has delivered something to the consumer, and what waits for an acknowledgement. */
async function readConsumer(name: string): Promise<{ deliveries: number; pending: number }> {
  const manager = await run.bus.connection.jetstreamManager();
  const { delivered, num_ack_pending } = await manager.consumers.info("NOTICES", name);
  return { deliveries: delivered.consumer_seq, pending: num_ack_pending };
}

describe("followNotices()", () => {
  test("a notice that waits is delivered again later and later, and taken once, in its order", async () => {
    const ready = Promise.withResolvers<void>();
    const taken: string[] = [];
    const following = followNotices(
      run.bus,
      {
        ...{ consumer: "notify-held", isWanted: () => true, atOnce: 100 },
        whenReady: () => ready.promise,
        take: (notices) => {
          taken.push(...notices.map(({ notice_id }) => notice_id));
          return Promise.resolve();
        },
      },
      silentLogger,
      ackWaitMs,
    );
    await following.ready;
    const store = await openNoticeStore(run.bus);
    const startMs = performance.now();
    await store.store(testNotice("1", new Date()));
    await until("it waits", () => following.waiting() === 1);
    await until("it comes again", async () => (await readConsumer("notify-held")).deliveries >= 6);
    // After 1, 2, 4, 8 and 16 times the wait; without the growing delay after 5 times.
    expect(performance.now() - startMs).toBeGreaterThan(12 * ackWaitMs);
    await store.store(testNotice("2", new Date()));
    await until("both wait", () => following.waiting() === 2);
    ready.resolve();
    await until("both are taken", () => taken.length === 2);
    expect(taken).toEqual(["test_1", "test_2"]);
    await until("both are acknowledged", async () => (await readConsumer("notify-held")).pending === 0);
    await following.stop();
  });

  test("a notice is told if it cannot be decided what is to become of it, and so are those after it", async () => {
    const taken: string[] = [];
    const logged: string[] = [];
    const following = followNotices(
      run.bus,
      {
        ...{ consumer: "notify-undecided", isWanted: () => true, atOnce: 100 },
        whenReady: () => Promise.resolve(),
        decide: () => {
          throw new Error("no fleet");
        },
        take: async (notices) => void taken.push(...notices.map(({ notice_id }) => notice_id)),
      },
      createLogger(
        "warn",
        (line) => logged.push(line),
        () => new Date(),
      ),
    );
    await following.ready;
    const store = await openNoticeStore(run.bus);
    for (const id of ["undecided-1", "undecided-2"]) {
      await store.store(testNotice(id, new Date()));
      await until(`${id} is taken`, () => taken.includes(`test_${id}`));
    }
    expect(logged[0]).toContain(
      "notify-undecided: told of test_undecided-1, which may have been seen: no fleet",
    );
    await following.stop();
  });

  test("a notice that was held is given to the next following, long before it would come again", async () => {
    const name = "notify-next";
    const never = { consumer: name, isWanted: () => true, atOnce: 1, take: () => Promise.resolve() };
    const whenReady = (signal: AbortSignal) =>
      new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    const first = followNotices(run.bus, { ...never, whenReady }, silentLogger, ackWaitMs);
    await first.ready;
    const store = await openNoticeStore(run.bus);
    const storedMs = performance.now();
    await store.store(testNotice("3", new Date()));
    // After its seventh delivery it is held for as long as it has waited, which is 32 times the wait.
    await until("it is held", async () => (await readConsumer(name)).deliveries >= 7);
    const waitedMs = performance.now() - storedMs;
    await first.stop();
    const stoppedMs = performance.now();
    const taken: string[] = [];
    const next = followNotices(
      run.bus,
      {
        ...never,
        whenReady: () => Promise.resolve(),
        take: ([{ notice_id }]) => {
          taken.push(notice_id);
          return Promise.resolve();
        },
      },
      silentLogger,
    );
    await until("it is taken", () => taken.includes("test_3"));
    expect(performance.now() - stoppedMs).toBeLessThan(waitedMs / 2);
    await until("it is acknowledged", async () => (await readConsumer(name)).pending === 0);
    await next.stop();
  });
});
