// What counts towards a budget, in which period, at which price.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Budget, keptScope } from "../../../src/domain/budgets/budget.ts";
import { viewBudget } from "../../../src/domain/budgets/budget-view.ts";
import {
  budgetName,
  countsFor,
  type MeasuringFacts,
  measureBudget,
  spentText,
} from "../../../src/domain/budgets/measure.ts";
import { calendarSpan } from "../../../src/domain/budgets/periods.ts";
import { priceOf, pricesOf } from "../../../src/domain/budgets/prices.ts";
import { quarterMs, type SessionSpending } from "../../../src/domain/spending/session-spending.ts";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import { errorOf } from "../../support/error-of.ts";

const now = Date.parse("2026-11-29T12:00:00Z");
const prices = pricesOf(
  { usd_per_million_tokens: { "gpt-5*": 2, "gpt-5-mini*": 1, tiny: 0 } },
  { usd_per_million_tokens: { "GPT-5-mini*": 0.5 } },
);

function session(
  id: string,
  quarters: readonly object[],
  more: Partial<SessionSpending> = {},
): SessionSpending {
  const at = new Date(now).toISOString();
  return {
    ...{ agent_id: id, session: "r1", is_own: false, first_at: at, last_at: at, told: {}, audit_seq: 1 },
    quarters: quarters.map((quarter) => ({ at: Math.floor(now / quarterMs), tokens: 0, ...quarter })),
    ...more,
  };
}

function budget(scope: Budget["scope"], limit: Partial<Budget> = {}): Budget {
  return {
    ...{ budget_id: "b-1", scope, unit: "usd", amount: 10, per: "day" },
    ...{ made_by: "mia", made_at: "2026-11-01T00:00:00Z", raises: [] },
    ...limit,
  };
}

const ada = {
  agent_id: parseAgentId("ada"),
  profile: "coder",
  project: "/p/shop",
  tags: ["night"],
  run: "r1",
};
const bob = {
  agent_id: parseAgentId("bob"),
  profile: "coder",
  project: "/p/shop.worktrees/bob",
  tags: [],
  run: "r1",
};
const eve = { agent_id: parseAgentId("eve"), profile: "tester", project: "/p/shopping", tags: ["night"] };

function facts(sessions: readonly SessionSpending[]): MeasuringFacts {
  return { sessions, agents: [ada, bob, eve], prices, nowMs: now, zone: "Europe/Berlin" };
}

const measure = (each: Budget, sessions: readonly SessionSpending[]) => {
  const [measured, ...others] = measureBudget(each, facts(sessions));
  if (measured === undefined || others.length > 0) throw new Error("not one period");
  return measured;
};

describe("periods", () => {
  test.each([
    ["day", "2026-11-29T12:00:00Z", "Europe/Berlin", "2026-11-29", 24],
    ["day", "2026-10-25T12:00:00Z", "Europe/Berlin", "2026-10-25", 25],
    ["day", "2026-03-29T12:00:00Z", "Europe/Berlin", "2026-03-29", 23],
    ["day", "2026-11-29T23:30:00Z", "Europe/Berlin", "2026-11-30", 24],
    ["day", "2026-09-06T03:30:00Z", "America/Santiago", "2026-09-05", 24],
    ["day", "2026-09-06T12:00:00Z", "America/Santiago", "2026-09-06", 23],
    ["day", "2026-03-08T04:30:00Z", "America/Havana", "2026-03-07", 24],
    ["day", "2026-03-08T12:00:00Z", "America/Havana", "2026-03-08", 23],
    ["month", "2026-02-10T00:00:00Z", "UTC", "2026-02", 28 * 24],
    ["month", "2026-10-31T23:30:00Z", "Europe/Berlin", "2026-11", 30 * 24],
    ["month", "2026-10-31T12:00:00Z", "Europe/Berlin", "2026-10", 31 * 24 + 1],
  ] as const)("the %s of %s in %s is %s", (per, at, zone, key, hours) => {
    const span = calendarSpan(per, Date.parse(at), zone);
    expect(span.key).toBe(key);
    expect((span.toMs - span.fromMs) / 3_600_000).toBe(hours);
  });

  test("each moment is in its own period, and the next one begins where it ends", () => {
    const zones = fc.constantFrom(
      "UTC",
      "Europe/Berlin",
      "America/New_York",
      "Asia/Kathmandu",
      "Australia/Lord_Howe",
      "America/Santiago",
      "America/Havana",
    );
    const moment = fc.integer({ min: Date.parse("2020-01-01"), max: Date.parse("2035-01-01") });
    fc.assert(
      fc.property(zones, moment, fc.constantFrom("day", "month"), (zone, at, per) => {
        const span = calendarSpan(per, at, zone);
        expect(span.fromMs).toBeLessThanOrEqual(at);
        expect(span.toMs).toBeGreaterThan(at);
        expect(calendarSpan(per, span.toMs, zone).fromMs).toBe(span.toMs);
      }),
    );
  });
});

test("priceOf() takes the longest name that fits, of the nearer file, whatever its case", () => {
  expect(priceOf(prices, "gpt-5-codex")).toBe(2 / 1_000_000);
  expect(priceOf(prices, "GPT-5-Mini-2026")).toBe(0.5 / 1_000_000);
  expect(priceOf(prices, "tiny")).toBe(0);
  expect(priceOf(prices, "tiny-2")).toBeUndefined();
  expect(priceOf(prices, undefined)).toBeUndefined();
});

describe("whose spending counts", () => {
  const sessions = [
    session("ada", [{ tokens: 1, cost: 1 }], { profile: "coder", project: "/p/shop" }),
    session("bob", [{ tokens: 1, cost: 2 }], { profile: "coder", project: "/p/shop.worktrees/bob" }),
    session("eve", [{ tokens: 1, cost: 4 }], { profile: "tester", project: "/p/shopping" }),
    // Removed: it has no agent any more.
    session("old", [{ tokens: 1, cost: 8 }], { profile: "coder", project: "/p/shop/web" }),
  ];
  test.each([
    ["agent", "ada", 1, ["ada"]],
    ["profile", "coder", 11, ["ada", "bob"]],
    ["project", "/p/shop", 11, ["ada", "bob"]],
    ["tag", "night", 5, ["ada", "eve"]],
    ["fleet", undefined, 15, ["ada", "bob", "eve"]],
  ] as const)("for the scope %s %s", (kind, name, spent, agents) => {
    const scope = name === undefined ? { kind } : { kind, name };
    const view = viewBudget(budget(scope), facts(sessions));
    expect(view.agents).toEqual([...agents]);
    expect(view.now).toMatchObject([{ period: "2026-11-29", spent, from: "2026-11-28T23:00:00.000Z" }]);
  });

  test.each([
    ["C:\\shop", ["C:\\shop", "C:\\shop\\web", "C:\\shop.worktrees\\bob"], ["C:\\shopping", "C:\\"]],
    [
      "/p/shop",
      ["/p/shop", "/p/shop/web", "/p/shop.worktrees/bob"],
      ["/p/shopping", "/p", "/p/shop.worktreesx"],
    ],
    ["/", ["/", "/p/shop"], []],
  ])("for the project %s", (name, counted, others) => {
    const scope = { kind: "project", name } as const;
    const paths = [...counted, ...others];
    expect(paths.filter((project) => countsFor({ scope }, { agent_id: "a", project, tags: [] }))).toEqual(
      counted,
    );
  });

  test("a budget for each run is one for each run of its agents, and only what that run has spent counts", () => {
    const runs = [
      session("ada", [{ tokens: 100 }]),
      session("ada", [{ tokens: 10 }], { session: "own.r1", is_own: true }),
      session("ada", [{ tokens: 5_000 }], { session: "r0" }),
      session("eve", [{ tokens: 7 }]),
    ];
    const perRun = { unit: "tokens", amount: 100, per: "run" } as const;
    expect(viewBudget(budget({ kind: "fleet" }, perRun), facts(runs)).now).toMatchObject([
      { agent_id: "ada", period: "run:r1", spent: 110, over: 10, level: "reached" },
      { agent_id: "bob", period: "run:r1", spent: 0, level: "under" },
    ]);
  });

  test("a run that is not connected is measured on, as one that nothing reaches now", () => {
    const away = {
      ...facts([session("ada", [{ tokens: 110 }])]),
      agents: [{ ...ada, is_away: true } as const, eve],
    };
    const perRun = { unit: "tokens", amount: 100, per: "run" } as const;
    const isAway = { agents: [], resting: [ada.agent_id], away: [ada.agent_id] };
    expect(measureBudget(budget({ kind: "fleet" }, perRun), away)).toMatchObject([
      { spent: 110, level: "reached", agent_id: "ada", ...isAway },
    ]);
    expect(measureBudget(budget({ kind: "fleet" }), away)).toMatchObject([
      { ...isAway, resting: [ada.agent_id, eve.agent_id] },
    ]);
  });

  test("what was spent before the day began does not count", () => {
    const yesterday = Math.floor(Date.parse("2026-11-28T22:59:00Z") / quarterMs);
    const sessions = [
      session("ada", [
        { at: yesterday, cost: 5, tokens: 1 },
        { cost: 1, tokens: 1 },
      ]),
    ];
    expect(measure(budget({ kind: "fleet" }), sessions).spent).toBe(1);
  });
});

test.each([
  ["/p/shop/", "/p/shop"],
  ["/p/shop", "/p/shop"],
  ["C:\\shop\\", "C:\\shop"],
  ["C:/shop//", "C:/shop"],
  ["\\\\files\\shop\\", "\\\\files\\shop"],
  ["/", "/"],
  ["C:\\", "C:\\"],
])("a budget of the project %s is kept for %s", (name, kept) => {
  expect(keptScope({ kind: "project", name })).toEqual({ kind: "project", name: kept });
});

test.each([".", "shop", "C:shop", "./p"])(
  "no budget is kept for the project %s, whose path is relative",
  (name) => {
    expect(errorOf(() => keptScope({ kind: "project", name })).message).toBe(
      `the project "${name}" is not an absolute path`,
    );
  },
);

describe("levels", () => {
  test.each([
    [7.99, "under"],
    [8, "near"],
    [9.99, "near"],
    [10, "reached"],
    [11, "reached"],
  ] as const)("$%d of $10 is %s", (cost, level) => {
    expect(measure(budget({ kind: "fleet" }), [session("ada", [{ tokens: 1, cost }])]).level).toBe(level);
  });

  test("what was added counts in its period only", () => {
    const raise = { by: "mia", at: "", by_amount: 5 };
    const raises = [
      { ...raise, period: "2026-11-28" },
      { ...raise, period: "2026-11-29" },
    ];
    const measured = measure(budget({ kind: "fleet" }, { raises }), [
      session("ada", [{ tokens: 1, cost: 11 }]),
    ]);
    expect(measured).toMatchObject({ amount: 15, level: "under" });
  });

  test("says by how much it is exceeded, for whom, and of how long", () => {
    const measured = measure(budget({ kind: "agent", name: "ada" }), [
      session("ada", [{ tokens: 1, cost: 10.5 }]),
    ]);
    expect(`${budgetName(measured)}: ${spentText(measured)}`).toBe(
      "the budget of agent ada, $10.00 a day: $10.50 of $10.00 (105 %), $0.50 over",
    );
  });
});

describe("a cost that nobody has told", () => {
  test("is that of the price table, and is said to be an estimate", () => {
    const measured = measure(budget({ kind: "fleet" }), [
      session("ada", [{ tokens: 2_000_000, model: "gpt-5-codex" }]),
      session("bob", [{ tokens: 1, cost: 1, model: "opus" }]),
    ]);
    expect(measured).toMatchObject({ spent: 5, estimated: 4, unpriced_tokens: 0 });
    expect(spentText(measured)).toBe("$5.00 of $10.00 (50 %), $4.00 of it estimated");
  });

  test("is unknown for a model without a price, and is not taken for 0", () => {
    const measured = measure(budget({ kind: "fleet" }), [
      session("ada", [{ tokens: 12_000, model: "qwen3" }]),
      session("bob", [{ tokens: 500 }]),
      session("eve", [{ tokens: 5_000, model: "tiny" }]),
    ]);
    expect(measured).toMatchObject({ spent: 0, estimated: 0, unpriced_tokens: 12_500, level: "under" });
    expect(spentText(measured)).toBe("$0.00 of $10.00 (0 %); 12.5k tokens of qwen3, unknown have no price");
  });

  test("does not matter for a budget of tokens", () => {
    const limit = { unit: "tokens", amount: 1_000 } as const;
    const measured = measure(budget({ kind: "fleet" }, limit), [
      session("ada", [{ tokens: 900, model: "qwen3" }]),
    ]);
    expect(measured).toMatchObject({ spent: 900, estimated: 0, unpriced_tokens: 0, level: "near" });
  });

  test("of a turn that still runs is estimated by what its session has told before", () => {
    const told = { told: { estimated_cost: 1 }, uncosted_tokens: 50_000 };
    const measured = measure(budget({ kind: "fleet" }), [
      session("ada", [{ tokens: 150_000, cost: 1, model: "gpt-5" }], told),
    ]);
    expect(measured).toMatchObject({ spent: 1.5, estimated: 0.5 });
  });
});
