// What `ls` and `show` say of tokens and cost, and whose estimate it is.
import { describe, expect, test } from "bun:test";
import { spentLine, usageFacts } from "../../../src/cli/fleet/usage-lines.ts";
import type { SpentToday } from "../../../src/domain/spending/spent-today.ts";
import { ago, now } from "../../support/agent-records.ts";

describe("spentLine()", () => {
  const of = (...agents: SpentToday["agents"]): SpentToday => ({ is_complete: true, agents });
  const ada = { agent_id: "ada", tokens: 1_000, cost: 0.5 };
  const bob = { agent_id: "bob", tokens: 2_000 };

  test("says that nothing is known rather than $0.00", () => {
    expect(spentLine(undefined)).toBe("what was spent today is not known: only cliai serve knows it");
    expect(spentLine(of())).toBe("no cost told today");
    expect(spentLine(of(bob))).toBe("2k tokens today, est.");
  });

  test("sums what was told, and says of how many agents that is, and whether there may be more", () => {
    expect(spentLine(of(ada, { ...ada, agent_id: "cleo" }))).toBe("$1.00 · 2k tokens today, est.");
    const whole = "$0.50 · 3k tokens today, est.; the cost is that of 1 of 2 agents";
    expect(spentLine(of(ada, bob))).toBe(whole);
    expect(spentLine({ ...of(ada, bob), is_complete: false })).toBe(
      `${whole}; the server still reads its history, so there may be more`,
    );
  });

  test("counts only the agents that were asked for", () => {
    expect(spentLine(of(ada, bob), new Set(["ada", "eve"]))).toBe("$0.50 · 1k tokens today, est.");
    expect(spentLine(of(ada, bob), new Set(["eve"]))).toBe("no cost told today");
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
