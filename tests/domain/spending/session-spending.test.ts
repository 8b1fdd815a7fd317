import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  addReport,
  type SessionSpending,
  type SpendingReport,
  totalOf,
} from "../../../src/domain/spending/session-spending.ts";

const startMs = Date.parse("2026-11-29T10:00:00Z");
const at = (minutes: number) => new Date(startMs + minutes * 60_000).toISOString();
let seq = 0;
const report = (minutes: number, usage: object, more: Partial<SpendingReport> = {}): SpendingReport => {
  seq += 1;
  return {
    agent_id: "ada",
    session: "r1",
    at: at(minutes),
    audit_seq: seq,
    usage: { source: "results", ...usage },
    ...more,
  };
};
const after = (...reports: SpendingReport[]) =>
  reports.reduce<SessionSpending | undefined>(addReport, undefined) as SessionSpending;

describe("addReport()", () => {
  test("spreads a session's sums over the quarters of an hour in which they grew", () => {
    const known = after(
      report(1, { tokens_used: 100, estimated_cost: 1, model: "opus" }),
      report(14, { tokens_used: 150, estimated_cost: 1.5, model: "opus" }),
      report(16, { tokens_used: 250, estimated_cost: 2, model: "haiku" }),
    );
    expect(known.quarters.map(({ model, tokens, cost }) => [model, tokens, cost])).toEqual([
      ["opus", 150, 1.5],
      ["haiku", 100, 0.5],
    ]);
  });

  test("counts the tokens since the cost was told last, until it is told again; none as long as no cost was told", () => {
    const live = [report(1, { tokens_used: 100 }), report(2, { tokens_used: 150, estimated_cost: 1.5 })];
    const later = [report(3, { tokens_used: 180 }), report(4, { tokens_used: 220 })];
    const told = report(5, { tokens_used: 230, estimated_cost: 2 });
    const [first] = live;
    expect(first && after(first).uncosted_tokens).toBeUndefined();
    expect(after(...live).uncosted_tokens).toBeUndefined();
    expect(after(...live, ...later).uncosted_tokens).toBe(70);
    expect(after(...live, ...later, told).uncosted_tokens).toBeUndefined();
  });

  test("keeps what was spent when the sums begin at 0 again in the same run", () => {
    const known = after(
      report(1, { tokens_used: 100, estimated_cost: 5 }),
      report(2, { tokens_used: 10, estimated_cost: 0.5 }),
    );
    expect(totalOf(known)).toMatchObject({ tokens: 110, cost: 5.5 });
  });

  test("takes a figure that falls a little for a better estimate, and counts nothing twice", () => {
    const known = after(
      report(1, { estimated_cost: 5 }),
      report(2, { estimated_cost: 4.9 }),
      report(3, { estimated_cost: 5.2 }),
    );
    expect(totalOf(known).cost).toBeCloseTo(5.2);
  });

  test("a report that tells nothing new changes nothing, so that nothing is stored for it, unless an hour has passed", () => {
    const known = after(report(1, { tokens_used: 100, estimated_cost: 5 }, { generation: 1, seq: 1 }));
    const again = (minutes: number, tokens_used: number, number: number) =>
      addReport(known, report(minutes, { tokens_used, estimated_cost: 5 }, { generation: 1, seq: number }));
    expect(again(2, 100, 2)).toBe(known);
    expect(again(3, 99, 3)).toBe(known);
    expect(again(4, 101, 4)).not.toBe(known);
    expect(again(62, 100, 5)).toMatchObject({ last_at: at(62), told: { tokens_used: 100 } });
    expect(addReport(known, report(5, { tokens_used: 100 }, { project: "/p" }))).not.toBe(known);
  });

  test("does not count again what the CLI has restored of an earlier run", () => {
    const known = after(report(1, { tokens_used: 400, estimated_cost: 4, restored_tokens: 300 }));
    expect(totalOf(known)).toMatchObject({ tokens: 100, cost: 1 });
  });

  test("leaves a cost that nobody tells unknown", () => {
    expect(totalOf(after(report(1, { tokens_used: 10 }))).cost).toBeUndefined();
    expect(totalOf(after(report(1, { tokens_used: 10, estimated_cost: 0 }))).cost).toBe(0);
  });

  test("ignores late and repeated reports, and those without figures", () => {
    const first = report(1, { tokens_used: 100 }, { generation: 5, seq: 2 });
    const known = after(first, first, report(2, { tokens_used: 10 }, { generation: 5, seq: 1 }));
    expect(totalOf(known).tokens).toBe(100);
    expect(addReport(known, report(3, { failed_tests: 2 }))).toBe(known);
  });

  test("keeps a bounded number of quarters, and loses nothing of their sum", () => {
    let known: SessionSpending | undefined;
    for (let i = 1; i <= 4_000; i += 1) known = addReport(known, report(i * 15, { tokens_used: i }));
    expect(known?.quarters.length).toBe(3_840);
    expect(totalOf(known as SessionSpending).tokens).toBe(4_000);
  });
});

describe("what agents have spent", () => {
  /** What a session has reported since it began, step by step; a restart begins its sums at 0. */
  const sessions = fc.array(
    fc.record({
      session: fc.constantFrom("r1", "r2", "r3"),
      tokens: fc.nat(1_000_000),
      cents: fc.option(fc.nat(10_000), { nil: undefined }),
      minutes: fc.nat(120),
    }),
    { maxLength: 60 },
  );

  test("never falls, and is the sum of all that each session used, however often the history is read again", () => {
    fc.assert(
      fc.property(sessions, fc.array(fc.nat(59)), (steps, crashes) => {
        const sums = new Map<string, { tokens: number; cents: number | undefined }>();
        let minute = 0;
        const reports = steps.map(({ session, tokens, cents, minutes }, index): SpendingReport => {
          const before = sums.get(session) ?? { tokens: 0, cents: undefined };
          const now = {
            tokens: before.tokens + tokens,
            cents: cents === undefined ? before.cents : (before.cents ?? 0) + cents,
          };
          sums.set(session, now);
          minute += minutes;
          const estimated_cost = now.cents === undefined ? {} : { estimated_cost: now.cents / 100 };
          const usage = { source: "telemetry", tokens_used: now.tokens, ...estimated_cost };
          return { agent_id: "ada", session, at: at(minute), audit_seq: index + 1, usage };
        });
        const known = new Map<string, SessionSpending>();
        let last = 0;
        const apply = (each: SpendingReport) => {
          const next = addReport(known.get(each.session), each);
          if (next !== undefined) known.set(each.session, JSON.parse(JSON.stringify(next)));
        };
        for (const [index, each] of reports.entries()) {
          apply(each);
          // A restart reads some of the history again.
          if (crashes.includes(index))
            for (const again of reports.slice(Math.max(0, index - 5), index + 1)) apply(again);
          const total = [...known.values()].reduce((sum, one) => sum + (totalOf(one).cost ?? 0), 0);
          expect(total).toBeGreaterThanOrEqual(last - 1e-6);
          last = total;
        }
        for (const [session, { tokens, cents }] of sums) {
          const one = known.get(session);
          if (one === undefined) continue;
          expect(totalOf(one).tokens).toBe(tokens);
          if (cents === undefined) expect(totalOf(one).cost).toBeUndefined();
          else expect(totalOf(one).cost).toBeCloseTo(cents / 100, 6);
        }
      }),
    );
  });
});
