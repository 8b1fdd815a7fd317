// What `ls` and `show` say of tokens and cost, and whose estimate it is.
import { describe, expect, test } from "bun:test";
import { totalLine, usageFacts } from "../../../src/cli/fleet/usage-lines.ts";
import { ago, now } from "../../support/agent-records.ts";

describe("totalLine()", () => {
  test("says that nothing is known rather than $0.00", () => {
    expect(totalLine([{}, {}], now)).toBe("cost unknown: no agent has reported any usage");
    expect(totalLine([{ usage: { tokens_used: 1_200, source: "results", at: ago(90) } }], now)).toBe(
      "1.2k tokens: the CLIs' own estimate, up to 1 min old",
    );
  });

  test("sums what was told, says of how many agents that is, and how old the oldest figure is", () => {
    const agents = [
      { usage: { tokens_used: 1_000, estimated_cost: 0.5, source: "results", at: ago(7_200) } },
      { usage: { tokens_used: 2_000, estimated_cost: 0.25, source: "results", at: ago(5) } },
    ];
    expect(totalLine(agents, now)).toBe("$0.75 · 3k tokens: the CLIs' own estimate, up to 2 h old");
    const own = { usage: { tokens_used: 500, at: ago(5) } };
    expect(totalLine([...agents, own], now)).toContain(": the estimate of the agents and their CLIs, ");
    expect(totalLine([...agents, {}], now)).toStartWith("$0.75 · 3k tokens (2 of 3 agents): ");
  });
});

describe("usageFacts()", () => {
  test("leaves out what was not told, and says whose estimate the rest is and how old", () => {
    expect(usageFacts(undefined, now)).toEqual({ usage: "none reported yet" });
    expect(usageFacts({ tokens_used: 12_345, at: ago(90) }, now)).toEqual({
      model: undefined,
      context: undefined,
      tokens: "12,345",
      cost: undefined,
      usage: "the agent's own estimate, 1 min ago",
    });
    expect(usageFacts({ model: "m", estimated_cost: 0, source: "results", at: ago(5) }, now)).toMatchObject({
      model: "m",
      cost: "$0.00",
      usage: "its CLI's estimate, 5 s ago",
    });
  });
});
