import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  type AgentHolds,
  type Hold,
  heldUntil,
  holdWords,
  keepsTexts,
  noHolds,
  withHold,
  withOverridden,
  withoutHold,
  withoutOver,
} from "../../../src/domain/holding/hold.ts";

const at = (s: number) => new Date(Date.UTC(2026, 0, 1) + s * 1000).toISOString();
const limit: Hold = {
  ...{ reason: "usage_limit", source: "account a", words: "usage limit", until: at(60) },
  ...{ since: at(0), after_seq: 7 },
};
const budget: Hold = { ...limit, reason: "budget", source: "day", words: "budget of $5 a day" };

function of(...holds: readonly Hold[]): AgentHolds {
  return holds.reduce(withHold, noHolds);
}

describe("withHold()", () => {
  test("takes the place of the hold of its reason and source, and keeps since when that stands", () => {
    const later = { ...limit, until: at(90), since: at(30), after_seq: 9 };
    expect(of(limit, budget, later).holds).toEqual([{ ...limit, until: at(90) }, budget]);
  });

  test("the same hold again changes nothing", () => {
    const state = of(limit);
    expect(withHold(state, { ...limit, since: at(5), after_seq: 8 })).toBe(state);
  });

  test("a hold that was overridden does not come again with its cause, and does with another", () => {
    const state = withOverridden(of(limit), [limit]);
    expect(state).toEqual({ holds: [], overridden: [limit] });
    expect(withHold(state, limit)).toBe(state);
    expect(withHold(state, { ...limit, until: at(61) }).holds).toHaveLength(1);
  });

  test("a hold that was overridden and lasts longer stays overridden, until its new end", () => {
    const hold = { ...limit, cause: "reset" };
    const state = withOverridden(of(hold), [hold]);
    const longer = withHold(state, { ...hold, until: at(90), since: at(59) });
    expect(longer.holds).toEqual([]);
    expect(withoutOver(longer, new Date(at(61)))).toBe(longer);
    expect(withHold(longer, { ...hold, until: at(90) })).toBe(longer);
    // It was over before.
    expect(withHold(state, { ...hold, until: at(90), since: at(60) })).toBe(state);
  });
});

test("a hold that is let go is forgotten, overridden or not", () => {
  expect(withoutHold(of(limit, budget), limit)).toEqual(of(budget));
  expect(withoutHold(withOverridden(of(limit), [limit]), limit)).toEqual(noHolds);
});

test("a hold is over at its end, not before, and one without an end never is", () => {
  const endless = { ...budget, source: "month" };
  const { until: _, ...forEver } = endless;
  const state = of(limit, forEver);
  expect(withoutOver(state, new Date(at(59)))).toBe(state);
  expect(withoutOver(state, new Date(at(60))).holds).toEqual([forEver]);
  expect(withoutOver(state, new Date(at(1e8))).holds).toEqual([forEver]);
});

test("an agent is held until the last of its holds ends; without an end, if one has none", () => {
  expect(heldUntil([limit, { until: at(5) }])).toBe(at(60));
  expect(heldUntil([limit, {}])).toBeUndefined();
  expect(holdWords([limit, limit, budget])).toBe("usage limit; budget of $5 a day");
});

test("no order of steps leaves a hold that stands and is overridden at once, or two of one reason and source", () => {
  const hold = fc.record({
    reason: fc.constantFrom("usage_limit" as const, "budget" as const),
    source: fc.constantFrom("a", "b"),
    cause: fc.constantFrom("1", "2"),
  });
  const step = fc.tuple(fc.constantFrom("hold", "override", "letGo", "end"), hold, fc.nat(200));
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      let state = noHolds;
      for (const [act, names, s] of steps) {
        const each: Hold = { ...limit, ...names, until: at(s) };
        if (act === "hold") state = withHold(state, each);
        else if (act === "override") state = withOverridden(state, [each]);
        else if (act === "letGo") state = withoutHold(state, each);
        else state = withoutOver(state, new Date(at(s)));
        const standing = state.holds.map(({ reason, source }) => `${reason} ${source}`);
        expect(new Set(standing).size).toBe(standing.length);
        const keys = (holds: readonly Hold[]) =>
          holds.map(({ reason, source, cause }) => `${reason} ${source} ${cause}`);
        expect(keys(state.holds).filter((key) => keys(state.overridden).includes(key))).toEqual([]);
      }
    }),
  );
});

test("keepsTexts() if a hold is about what the agent's model uses, and not for the watchdog's", () => {
  const watchdog: Hold = { ...limit, reason: "watchdog" };
  expect([[limit], [watchdog, budget], [watchdog], []].map(keepsTexts)).toEqual([true, true, false, false]);
});
