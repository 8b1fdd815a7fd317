// What agents have used, on the page: what is not known is never shown as 0.
import { describe, expect, test } from "bun:test";
import { viewAgent } from "../../../../src/domain/fleet/agent-view.ts";
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
const total = (...views: ReturnType<typeof view>[]) => UsageTotal({ views, now });

describe("UsageTotal()", () => {
  test("is the cost; without one the tokens; and of agents that have told nothing that it is unknown", () => {
    expect(words(total(view({ estimated_cost: 0.5, tokens_used: 9 }), view()))).toBe("$0.50 est. 1 min ago");
    expect(words(total(view({ tokens_used: 1_200 })))).toBe("1.2k tokens est. 1 min ago");
    expect(words(total(view()))).toBe("cost unknown");
    expect(words(total())).toBe("");
  });

  test("says in its title whose estimate it is, and of how many agents", () => {
    const told = total(view({ tokens_used: 1_200, source: "results" }), view()).toString();
    expect(told).toContain("by the CLIs&#39; own estimate: 1.2k tokens; 1 of 2 agents have reported theirs");
    expect(total(view({ tokens_used: 1 })).toString()).toContain(
      "by the estimate of the agents and their CLIs:",
    );
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
