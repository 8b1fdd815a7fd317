import { describe, expect, test } from "bun:test";
import { createQueue } from "../../src/telemetry/queue.ts";
import { until } from "../support/wait-for.ts";

describe("createQueue()", () => {
  test("sends again when the collector says, and not only when the next batch is due; but not at once, also if it says 0 s", async () => {
    const triedMs: number[] = [];
    const queue = createQueue<number>({
      async send() {
        triedMs.push(performance.now());
        return triedMs.length > 1
          ? { type: "taken", answer: new Uint8Array() }
          : { type: "again", reason: "it is away", waitMs: 0 };
      },
      onTried: () => undefined,
      sendAfterMs: 3_600_000,
    });
    // A full batch does not wait.
    for (let i = 0; i < 512; i += 1) queue.add(i);
    await until("the second try", () => triedMs.length === 2);
    const [first = 0, second = 0] = triedMs;
    // Timers may be some ms early.
    expect(second - first).toBeGreaterThan(950);
    await until("the count", () => queue.figures().sent === 512);
    await queue.stop(1_000);
    expect(queue.figures()).toEqual({ sent: 512, dropped: 0 });
  });

  test("tries once more at its end, also while it waits for the next try", async () => {
    let tries = 0;
    const queue = createQueue<number>({
      async send() {
        tries += 1;
        return { type: "again", reason: "it is away", waitMs: 3_600_000 };
      },
      onTried: () => undefined,
      sendAfterMs: 1,
    });
    queue.add(1);
    await until("the first try", () => tries === 1);
    await queue.stop(60_000);
    expect([tries, queue.figures()]).toEqual([2, { sent: 0, dropped: 1 }]);
  });
});
