import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { foldOld, ownSessionOf } from "../../../src/domain/spending/old-sessions.ts";
import { withoutDoubled } from "../../../src/domain/spending/own-figures.ts";
import { quarterMs, type SessionSpending } from "../../../src/domain/spending/session-spending.ts";
import { groupsOf, sumOf } from "../../../src/domain/spending/spending-report.ts";

const dayMs = 86_400_000;
const always = { fromMs: 0, toMs: Number.POSITIVE_INFINITY };
const at = (day: number) => new Date(day * dayMs).toISOString();

function session(name: string, day: number, more: Partial<SessionSpending> = {}): SessionSpending {
  return {
    ...{ agent_id: "ada", session: name, is_own: false, told: { tokens_used: 10 }, audit_seq: day },
    ...{ first_at: at(day), last_at: at(day) },
    quarters: [{ at: (day * dayMs) / quarterMs + 3, model: "opus", tokens: 10, cost: 1 }],
    ...more,
  };
}

function after(sessions: readonly SessionSpending[], beforeMs: number): SessionSpending[] {
  const { changed, gone } = foldOld(sessions, beforeMs) ?? { changed: [], gone: [] };
  const names = new Set([...changed, ...gone].map((each) => each.session));
  return [...sessions.filter((each) => !names.has(each.session)), ...changed];
}

/** The name of the sessions of a profile that were put together. */
const nameOf = (sessions: readonly SessionSpending[], profile: string | undefined) =>
  sessions.find((each) => each.includes !== undefined && each.profile === profile)?.session ?? "";

describe("foldOld()", () => {
  test("puts old sessions of one profile and project together, with their days and models", () => {
    const sessions = [
      session("r1", 100, { profile: "coder" }),
      session("r2", 100, { profile: "coder", quarters: [{ at: 9_690, model: "haiku", tokens: 5 }] }),
      session("r3", 101, { profile: "coder" }),
      session("r4", 102, { profile: "other" }),
      session("r5", 200, { profile: "coder" }),
    ];
    const folded = after(sessions, 150 * dayMs);
    const [coder, other] = [nameOf(folded, "coder"), nameOf(folded, "other")];
    expect(folded.map((each) => [each.session, each.includes])).toEqual([
      ["r5", undefined],
      [coder, ["r1", "r2", "r3"]],
      [other, ["r4"]],
    ]);
    expect(folded[1]).toMatchObject({
      ...{ profile: "coder", first_at: at(100), last_at: at(101), audit_seq: 101 },
      quarters: [
        { at: 9_600, model: "opus", tokens: 10, cost: 1 },
        { at: 9_600, model: "haiku", tokens: 5 },
        { at: 9_696, model: "opus", tokens: 10, cost: 1 },
      ],
    });
    const written = folded.map((each) => (each.includes === undefined ? each : { ...each, includes: [] }));
    const later = after([...written, session("r6", 300, { profile: "coder" })], 250 * dayMs);
    expect(later.map((each) => [each.session, each.includes])).toEqual([
      [other, []],
      ["r6", undefined],
      [coder, ["r5"]],
    ]);
  });

  test("keeps the newest run, whose next report has its sums from the beginning, and sessions that no run ends", () => {
    expect(foldOld([session("r1", 100)], 200 * dayMs)).toBeUndefined();
    const endless = ["more", "unnamed", ownSessionOf(undefined)].map((name) => session(name, 100));
    expect(foldOld([...endless, session("r1", 101)], 200 * dayMs)).toBeUndefined();
    expect(foldOld([session("r1", 100), session("r2", 180)], 90 * dayMs)).toBeUndefined();
  });

  test("gives the same names in whichever order the sessions are, for another serve may have read them in another one", () => {
    const places = [
      { profile: "coder" },
      { project: "/p" },
      { project: "/q" },
      { profile: "coder", project: "/p" },
      {},
    ];
    const sessions = places.map((place, i) => session(`r${i}`, 100 + i, place));
    const namesOf = (some: readonly SessionSpending[]) =>
      new Map(
        after([...some, session("now", 200)], 150 * dayMs).map((each) => [
          JSON.stringify([each.profile, each.project, each.includes]),
          each.session,
        ]),
      );
    const names = namesOf(sessions);
    expect(new Set(names.values()).size).toBe(places.length + 1);
    expect(namesOf(sessions.toReversed())).toEqual(names);
  });

  test("a run that has the name of sessions that were put together loses nothing", () => {
    const name = nameOf(after([session("r1", 100), session("r2", 180)], 150 * dayMs), undefined);
    const folded = after([session(name, 100), session("r2", 180)], 150 * dayMs);
    expect(folded.map((each) => each.session)).toEqual(["r2", `${name}.1`]);
  });

  test("keeps every sum, by agent, project, profile and model, also where an agent tells what its CLI tells, too", () => {
    const some = fc.record({
      day: fc.integer({ min: 100, max: 300 }),
      lasts: fc.integer({ min: 0, max: 20 }),
      is_own: fc.boolean(),
      profile: fc.constantFrom("coder", "other"),
      model: fc.constantFrom("opus", "haiku"),
      tokens: fc.integer({ min: 1, max: 1_000 }),
    });
    fc.assert(
      fc.property(
        fc.array(some, { maxLength: 25 }),
        fc.array(fc.integer({ min: 100, max: 320 })),
        (all, cuts) => {
          let sessions = all.map(({ day, lasts, is_own, profile, model, tokens }, n) =>
            session(`r${n}`, day, {
              ...{ is_own, profile, last_at: at(day + lasts) },
              quarters: Array.from({ length: lasts + 1 }, (_, i) => ({
                at: (day + i) * 96 + 7,
                model,
                tokens,
              })),
            }),
          );
          const sums = () => {
            const counted = withoutDoubled(sessions);
            const by = (["agent", "profile", "model"] as const).map((each) =>
              groupsOf(counted, always, each),
            );
            return { all: sumOf(counted, always), by };
          };
          const before = sums();
          for (const cut of cuts.sort((a, b) => a - b)) sessions = after(sessions, cut * dayMs);
          expect(sums()).toEqual(before);
        },
      ),
    );
  });
});
