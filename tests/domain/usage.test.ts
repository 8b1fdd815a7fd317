import { describe, expect, test } from "bun:test";
import { contextFilled, contextText, costText, mergeUsage, tokensText } from "../../src/domain/usage.ts";
import { agentAfter, hosted, type Told, time } from "./fleet/session-events.ts";

describe("mergeUsage()", () => {
  const measured = mergeUsage(
    undefined,
    {
      tokens_used: 100,
      estimated_cost: 1,
      model: "opus",
      context_tokens: 50,
      context_window: 200,
      source: "results",
    },
    time(0),
  );

  test("keeps what a report leaves out", () => {
    expect(mergeUsage(measured, { tokens_used: 150, source: "telemetry" }, time(5))).toEqual({
      ...measured,
      tokens_used: 150,
      source: "telemetry",
      at: time(5),
    });
  });

  test("the agent's own figures give way to fresh ones of its CLI, and fill in what that does not measure", () => {
    expect(mergeUsage(measured, { tokens_used: 7, failed_tests: 2 }, time(5))).toEqual({
      ...measured,
      failed_tests: 2,
    });
  });

  test("they count, as its own, when those of the CLI are old", () => {
    const merged = mergeUsage(measured, { tokens_used: 700 }, time(601));
    expect(merged).toMatchObject({ tokens_used: 700, model: "opus", at: time(601) });
    expect(merged.source).toBeUndefined();
  });
});

describe("an agent's usage", () => {
  const told = (s: number, tokens_used: number): Told => [
    "usage",
    s,
    { usage: { tokens_used, source: "results" } },
  ];

  test("late and doubled reports change nothing", () => {
    const events = hosted([told(1, 10), told(2, 20)]);
    expect(agentAfter([...events, ...events]).usage).toMatchObject({ tokens_used: 20, at: time(2) });
    expect(agentAfter([...hosted([told(5, 5)], 2_000), ...events]).usage?.tokens_used).toBe(5);
  });

  test("comes with an event of any kind", () => {
    expect(agentAfter(hosted([["turn_end", 1, { usage: { tokens_used: 3 } }]])).usage?.tokens_used).toBe(3);
  });
});

describe("the usage of several runs", () => {
  const used = (instance_id: string, generation: number, usage: object): Told => [
    "usage",
    generation,
    { instance_id, generation, seq: 1, usage: { source: "results", ...usage } },
  ];
  const shown = (...events: readonly Told[]) => {
    const { tokens_used, estimated_cost } = agentAfter(events).usage ?? {};
    return [tokens_used, estimated_cost];
  };
  const first = used("r1", 1, { tokens_used: 4_650, estimated_cost: 3 });

  test("is their sum if the CLI begins at 0 again, whatever the source of its figures is", () => {
    const second = used("r2", 2, { tokens_used: 1_550, estimated_cost: 1, source: "telemetry" });
    const more = { ...used("r2", 2, { tokens_used: 5_000, estimated_cost: 2 })[2], seq: 2 };
    expect(shown(first, second)).toEqual([6_200, 4]);
    expect(shown(first, second, ["usage", 3, more])).toEqual([9_650, 5]);
    expect(shown(first, second, used("r3", 4, { tokens_used: 10, estimated_cost: 1 }))).toEqual([6_210, 5]);
  });

  test("is the CLI's own sum if it has restored all", () => {
    const second = used("r2", 2, { tokens_used: 6_200, estimated_cost: 5, restored_tokens: 4_650 });
    expect(shown(first, second)).toEqual([6_200, 5]);
  });

  test("has what a killed CLI did not save", () => {
    const second = used("r2", 2, { tokens_used: 4_650, estimated_cost: 3, restored_tokens: 3_100 });
    expect(shown(first, second)).toEqual([6_200, 4]);
  });

  test("keeps the sum when the agent has reported figures of its own in between", () => {
    const own: Told = ["usage", 1_000, { usage: { tokens_used: 7 } }];
    expect(agentAfter([first, own]).usage?.tokens_used).toBe(7);
    expect(shown(first, own, used("r2", 2, { tokens_used: 1_550 }))).toEqual([6_200, 3]);
  });
});

describe("figures in words", () => {
  test.each([
    [0, "0"],
    [950, "950"],
    [12_345, "12.3k"],
    [200_000, "200k"],
    [999_499, "999k"],
    [999_500, "1M"],
    [1_234_567, "1.2M"],
  ])("tokensText(%d) is %s", (tokens, text) => {
    expect(tokensText(tokens)).toBe(text);
  });

  test("costText() hides no cost that there is", () => {
    expect([0, 0.004, 0.01, 4.1].map(costText)).toEqual(["$0.00", "under $0.01", "$0.01", "$4.10"]);
    expect([999.999, 1_240, 1_234_567.5].map(costText)).toEqual(["$1,000.00", "$1,240.00", "$1,234,567.50"]);
  });

  test("the context says as much as is known", () => {
    expect(contextText({ context_tokens: 45_000, context_window: 200_000 })).toBe(
      "45k of 200k tokens (23 %)",
    );
    expect(contextText({ context_tokens: 1_500 })).toBe("1.5k tokens");
    expect(contextText({ context_window: 200_000 })).toBeUndefined();
    expect(contextFilled({ context_tokens: 300, context_window: 200 })).toBe(100);
    expect(contextFilled({ context_tokens: 300, context_window: 0 })).toBeUndefined();
  });
});
