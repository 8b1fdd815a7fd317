import { expect, spyOn, test } from "bun:test";
import { addReport, type SessionSpending } from "../../../src/domain/spending/session-spending.ts";
import { csvCell, spendingCsv } from "../../../src/domain/spending/spending-csv.ts";

test.each([
  ["plain", "plain"],
  ["-3.5", "-3.5"],
  ["=1+1", "'=1+1"],
  ["+cmd", "'+cmd"],
  ["-2+3", "'-2+3"],
  ["@SUM(A1)", "'@SUM(A1)"],
  ["  =1", "'  =1"],
  ["\t=1", "'\t=1"],
  ['a "b", c', '"a ""b"", c"'],
  ["two\nlines", '"two\nlines"'],
])("csvCell(%p) is %p", (text, cell) => {
  expect(csvCell(text)).toBe(cell);
});

test("spendingCsv() has a row for each day, agent and model, and an empty cell for an unknown cost", () => {
  const report = { agent_id: "ada", session: "s", at: "2026-11-29T23:30:00Z", audit_seq: 1 };
  const one = addReport(undefined, { ...report, usage: { tokens_used: 5, model: "=evil()" }, project: "/p" });
  expect(spendingCsv([one as SessionSpending], "Europe/Berlin")).toBe(
    "date,agent,profile,project,model,tokens,cost_usd,told_by\r\n2026-11-30,ada,,/p,'=evil(),5,,agent\r\n",
  );
});

test("spendingCsv() computes the date of a quarter once, however many agents have used something in it", () => {
  const sessions = Array.from({ length: 100 }, (_, agent) => {
    const report = { agent_id: `a${agent}`, session: "s", at: "2026-11-29T12:00:00Z", audit_seq: 1 };
    return addReport(undefined, { ...report, usage: { tokens_used: 5 } }) as SessionSpending;
  });
  using computed = spyOn(Intl.DateTimeFormat.prototype, "formatToParts");
  expect(spendingCsv(sessions, "Europe/Berlin").match(/^2026-11-29,/gm)).toHaveLength(100);
  expect(computed).toHaveBeenCalledTimes(1);
});
