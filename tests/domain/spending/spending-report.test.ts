import { describe, expect, test } from "bun:test";
import { addReport, type SessionSpending } from "../../../src/domain/spending/session-spending.ts";
import { groupsOf, reportSpending } from "../../../src/domain/spending/spending-report.ts";

let seq = 0;
function session(
  agent_id: string,
  at: string,
  usage: object,
  facts: { profile?: string; project?: string } = {},
): SessionSpending {
  seq += 1;
  const report = { agent_id, session: `s${seq}`, at, audit_seq: seq, usage: { source: "results", ...usage } };
  return addReport(undefined, { ...report, ...facts }) as SessionSpending;
}

const now = new Date("2026-11-29T12:40:00Z");
const sessions = [
  session(
    "ada",
    "2026-11-29T12:10:00Z",
    { tokens_used: 100, estimated_cost: 1, model: "opus" },
    { profile: "coder", project: "/p" },
  ),
  session(
    "ada",
    "2026-11-28T23:30:00Z",
    { tokens_used: 50, estimated_cost: 2, model: "opus" },
    { profile: "coder", project: "/p" },
  ),
  session("bob", "2026-11-29T11:00:00Z", { tokens_used: 70, model: "tiny" }, { profile: "tester" }),
  session("cleo", "2026-10-01T11:00:00Z", { tokens_used: 7, estimated_cost: 9 }),
];
const report = (zone: string) => reportSpending(sessions, now, { zone, period: "today", by: "agent" });

describe("reportSpending()", () => {
  test("sums today, the week and the month in the zone of the person", () => {
    expect(report("UTC").periods.today).toMatchObject({ tokens: 170, cost: 1, agents: 2, told: 1 });
    expect(report("Europe/Berlin").periods.today).toMatchObject({ tokens: 220, cost: 3 });
    const { week, month, all } = report("UTC").periods;
    expect([week.cost, month.cost, all.cost]).toEqual([3, 3, 12]);
    expect(all.from).toBe("2026-10-01T11:00:00Z");
  });

  test("leaves a cost that nobody tells unknown, in every group", () => {
    expect(report("UTC").groups).toEqual([
      { name: "ada", tokens: 100, cost: 1, agents: 1, told: 1 },
      { name: "bob", tokens: 70, cost: undefined, agents: 1, told: 0 },
    ]);
    const span = { fromMs: 0, toMs: Number.POSITIVE_INFINITY };
    expect(groupsOf(sessions, span, "model").map(({ name, cost }) => [name, cost])).toEqual([
      ["unknown", 9],
      ["opus", 3],
      ["tiny", undefined],
    ]);
    expect(groupsOf(sessions, span, "profile").map(({ name }) => name)).toEqual([
      "unknown",
      "coder",
      "tester",
    ]);
  });

  test("has a span for each of 30 days and 24 hours, and says what the last hour cost", () => {
    const { days, hours, last_hour } = report("UTC");
    expect(days.slice(-2).map(({ label, cost }) => [label, cost])).toEqual([
      ["2026-11-28", 2],
      ["2026-11-29", 1],
    ]);
    expect(days).toHaveLength(30);
    expect(hours.slice(-2).map(({ label, tokens }) => [label, tokens])).toEqual([
      ["11:00", 70],
      ["12:00", 100],
    ]);
    expect(report("Asia/Kathmandu").hours.at(-1)?.label).toBe("18:00");
    expect(last_hour).toMatchObject({ tokens: 100, cost: 1 });
  });

  test("of nothing is nothing", () => {
    const { periods, groups, since } = reportSpending([], now, { zone: "UTC", period: "all", by: "model" });
    expect([periods.all.cost, groups, since]).toEqual([undefined, [], undefined]);
  });
});

test("groupsOf() looks at each quarter a few times, however many models an agent names", () => {
  let looks = 0;
  const quarters = Array.from({ length: 500 }, (_, index) => ({
    at: 1_900_000 + index,
    tokens: 1,
    get model() {
      looks += 1;
      return `model-${index}`;
    },
  }));
  const many = { ...(sessions[0] as SessionSpending), last_at: "2026-11-29T12:10:00Z", quarters };
  const span = { fromMs: 0, toMs: Number.POSITIVE_INFINITY };
  expect(groupsOf([many], span, "model")).toHaveLength(500);
  expect(looks).toBeLessThan(5 * quarters.length);
});
