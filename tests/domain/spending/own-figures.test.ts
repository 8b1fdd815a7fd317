import { expect, test } from "bun:test";
import { withoutDoubled } from "../../../src/domain/spending/own-figures.ts";
import { addReport, type SessionSpending, totalOf } from "../../../src/domain/spending/session-spending.ts";

function sessionOf(
  session: string,
  source: string | undefined,
  told: readonly (readonly [string, number])[],
) {
  let spending: SessionSpending | undefined;
  for (const [index, [at, tokens_used]] of told.entries())
    spending = addReport(spending, {
      ...{ agent_id: "ada", session, at, audit_seq: index + 1 },
      usage: { tokens_used, ...(source !== undefined && { source }) },
    });
  return spending as SessionSpending;
}

const own = sessionOf("own", undefined, [
  ["2026-01-01T10:00:00Z", 5],
  ["2026-03-01T10:00:00Z", 12],
]);
const measured = sessionOf("r1", "results", [["2026-03-01T10:40:00Z", 9]]);
const sums = (sessions: readonly SessionSpending[]) =>
  withoutDoubled(sessions).map((session) => [session.session, totalOf(session).tokens]);

test("an agent's own figures are left out around the times of which its CLI tells, and kept elsewhere", () => {
  expect(sums([own, measured])).toEqual([
    ["own", 5],
    ["r1", 9],
  ]);
});

test("figures that only one of both tells stay as they are", () => {
  expect(sums([own])).toEqual([["own", 12]]);
  expect(sums([measured])).toEqual([["r1", 9]]);
  expect(withoutDoubled([])).toEqual([]);
});
