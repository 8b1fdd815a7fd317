import { describe, expect, test } from "bun:test";
import { startMetricsSending } from "../../src/telemetry/metrics-sending.ts";
import { until } from "../support/wait-for.ts";

describe("startMetricsSending()", () => {
  test("counts and tells metrics that cannot be gathered, and goes on", async () => {
    const tried: (string | undefined)[] = [];
    let calls = 0;
    const sending = startMetricsSending({
      everyMs: 1,
      async send() {
        calls += 1;
        if (calls === 1) throw new Error("a bug");
        return { type: "taken", answer: new Uint8Array() };
      },
      onTried: (reason) => tried.push(reason),
    });
    await until("the next", () => tried.length > 1);
    await sending.stop(60_000);
    expect(tried.slice(0, 2)).toEqual(["they cannot be gathered: a bug", undefined]);
    expect(sending.figures()).toEqual({ sent: tried.length - 1, dropped: 1 });
  });
});
