import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { budgetPeriods, limitText } from "../../../src/domain/budgets/budget.ts";
import {
  parseLimit,
  parseLimits,
  parseRaise,
  parseScope,
  readLimit,
} from "../../../src/domain/budgets/parse-budget.ts";
import { errorOf } from "../../support/error-of.ts";

const usd = { unit: "usd" } as const;
const tokens = { unit: "tokens" } as const;

describe("parseLimit()", () => {
  test.each([
    ["5/day", { ...usd, amount: 5, per: "day" }, "$5.00 a day"],
    ["$0.10 / run", { ...usd, amount: 0.1, per: "run" }, "$0.10 a run"],
    ["20 usd a month", { ...usd, amount: 20, per: "month" }, "$20.00 a month"],
    ["200k/run", { ...tokens, amount: 200_000, per: "run" }, "200k tokens a run"],
    [
      "1.5M tokens per day hard",
      { ...tokens, amount: 1_500_000, per: "day", hard: true },
      "1.5M tokens a day, hard",
    ],
    ["50000 tokens/month", { ...tokens, amount: 50_000, per: "month" }, "50k tokens a month"],
  ])("reads %s", (text, limit, words) => {
    expect(parseLimit(text) as object).toEqual(limit);
    expect(limitText(parseLimit(text))).toBe(words);
  });

  test.each([
    "",
    "day",
    "-5/day",
    "0/day",
    "0 tokens/day",
    "$5k/day",
    "5k usd/day",
    "5/week",
    "5/day soft",
    "1e3/day",
  ])("refuses %j", (text) => {
    expect(errorOf(() => parseLimit(text)).message).toBe(`"${text}" is not a budget`);
  });

  test("asks for the period where none is a matter of course", () => {
    const error = errorOf(() => parseLimit("50"));
    expect(error.message).toBe('the budget "50" names no run, day or month');
    expect(error.hint).toBe("50/day");
    expect(parseLimits("5, 2M/month")).toEqual([
      { ...usd, amount: 5, per: "run" },
      { ...tokens, amount: 2_000_000, per: "month" },
    ]);
  });

  test("takes what a person would write of any amount", () => {
    const amount = fc.integer({ min: 1, max: 100_000_000 });
    fc.assert(
      fc.property(amount, fc.constantFrom(...budgetPeriods), fc.boolean(), (cents, per, isTokens) => {
        const number = isTokens ? cents : cents / 100;
        const limit = parseLimit(`${number}${isTokens ? " tokens" : ""}/${per}`);
        expect(limit).toEqual({ unit: isTokens ? "tokens" : "usd", amount: number, per });
      }),
    );
  });
});

test("parseRaise() takes only the budget's own unit", () => {
  expect(parseRaise("$5", usd)).toBe(5);
  expect(parseRaise("0.5", usd)).toBe(0.5);
  expect(parseRaise("50k", tokens)).toBe(50_000);
  expect(errorOf(() => parseRaise("5", tokens)).hint).toContain("200k");
  expect(errorOf(() => parseRaise("5k", usd)).message).toBe('"5k" is not an amount of US dollars');
  expect(readLimit("stop", "run")).toBeUndefined();
});

describe("parseScope()", () => {
  test.each([
    ["fleet", { kind: "fleet" }],
    ["agent:ada", { kind: "agent", name: "ada" }],
    ["project:C:\\shop", { kind: "project", name: "C:\\shop" }],
    ["tag:night", { kind: "tag", name: "night" }],
  ])("reads %s", (text, scope) => {
    expect(parseScope(text) as object).toEqual(scope);
  });

  test.each([
    ["agnet:ada", "agent"],
    ["agent", "agent:NAME"],
    ["agent:a b", "agent:NAME"],
    ["fleet:all", "fleet alone"],
    ["project:", "project:DIR"],
  ])("refuses %s", (text, hint) => {
    expect(errorOf(() => parseScope(text)).hint).toContain(hint);
  });
});
