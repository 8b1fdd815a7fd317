// What agents have used, on the page: what is not known is never shown as 0.
import { describe, expect, test } from "bun:test";
import { viewAgent } from "../../../../src/domain/fleet/agent-view.ts";
import type { Spent } from "../../../../src/domain/spending/spending-report.ts";
import type { KnownUsage } from "../../../../src/domain/usage.ts";
import { UsageLine, UsagePanel, UsageTotal } from "../../../../src/web/pages/parts/usage.tsx";
import { ago, now, recordOf } from "../../../support/agent-records.ts";

const view = (usage?: Partial<KnownUsage>) =>
  viewAgent(recordOf(usage === undefined ? {} : { usage: { at: ago(90), ...usage } }), now);
const words = (html: { toString(): string } | null) =>
  (html?.toString() ?? "")
    .replace(/<[^>]+>/g, " ")
    .replaceAll("&#39;", "'")
    .replace(/\s+/g, " ")
    .trim();
const total = (today: Partial<Spent>) =>
  UsageTotal({ today: { tokens: 0, cost: undefined, agents: 1, told: 0, ...today } });

describe("UsageTotal()", () => {
  test("is the cost of today; without one the tokens; and if nobody has told any that there is none", () => {
    expect(words(total({ cost: 0.5, tokens: 9, told: 1 }))).toBe("$0.50 today, est.");
    expect(words(total({ tokens: 1_200 }))).toBe("1.2k tokens today, est.");
    expect(words(total({ agents: 0 }))).toBe("no cost told today");
  });

  test("says in its title of how many agents the cost is, and leads to the costs", () => {
    const told = total({ cost: 1, tokens: 1_200, agents: 2, told: 1 }).toString();
    expect(told).toContain("1.2k tokens; the cost is that of 1 of 2 agents");
    expect(told).toContain('href="/costs"');
  });
});

describe("UsageLine()", () => {
  const line = (usage: Partial<KnownUsage> | undefined) =>
    UsageLine({ usage: usage === undefined ? undefined : { at: ago(90), ...usage } });

  test("shows how full the context is, and the cost, else the tokens", () => {
    const context = { context_tokens: 46_000, context_window: 200_000 };
    expect(words(line({ ...context, estimated_cost: 0.5, tokens_used: 9 }))).toBe("context 23 % $0.50 est.");
    expect(words(line({ tokens_used: 1_200 }))).toBe("1.2k tokens est.");
    expect(words(line(context))).toBe("context 23 %");
    expect([line({ model: "m" }), line(undefined)]).toEqual([null, null]);
  });

  test("marks a context that is nearly full", () => {
    const gauge = (filled: number) => line({ context_tokens: filled, context_window: 100 })?.toString() ?? "";
    expect([gauge(89).includes("fill full"), gauge(90).includes("fill full")]).toEqual([false, true]);
  });
});

describe("UsagePanel()", () => {
  test("calls unknown what was not told, and 0 only what was told as 0", () => {
    const text = words(UsagePanel({ view: view({ estimated_cost: 0, failed_tests: 0 }), now }));
    expect(text).toBe(
      "Usage model unknown cost $0.00 tokens unknown failed tests 0 By the agent's own estimate, 1 min ago .",
    );
    expect(words(UsagePanel({ view: view({ model: "m" }), now }))).not.toContain("failed tests");
    expect(words(UsagePanel({ view: view(), now }))).toStartWith("Usage None reported yet.");
  });
});
