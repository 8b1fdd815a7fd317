// Writes what was spent as CSV (RFC 4180): one row for each day, agent and model.
import { dateText } from "./days.ts";
import { quarterMs, type SessionSpending } from "./session-spending.ts";

const columns = ["date", "agent", "profile", "project", "model", "tokens", "cost_usd", "told_by"] as const;

/** A cost that nobody has told is an empty cell. Days are those of the time zone. */
export function spendingCsv(sessions: readonly SessionSpending[], zone: string): string {
  const rows = new Map<
    string,
    { readonly cells: readonly string[]; tokens: number; cost: number | undefined }
  >();
  // Sessions of the same time have the same quarters, and a date of a time zone takes microseconds.
  const dates = new Map<number, string>();
  const dateOf = (at: number) => {
    const date = dates.get(at) ?? dateText(at * quarterMs, zone);
    dates.set(at, date);
    return date;
  };
  for (const { agent_id, profile = "", project = "", is_own, quarters } of sessions) {
    for (const { at, model = "", tokens, cost } of quarters) {
      const date = dateOf(at);
      const cells = [date, agent_id, profile, project, model, is_own ? "agent" : "cli"];
      const key = JSON.stringify(cells);
      const row = rows.get(key) ?? { cells, tokens: 0, cost: undefined };
      row.tokens += tokens;
      if (cost !== undefined) row.cost = (row.cost ?? 0) + cost;
      rows.set(key, row);
    }
  }
  const lines = [...rows]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { cells, tokens, cost }]) => {
      const [by = "", ...facts] = cells.toReversed();
      const figures = [String(tokens), cost === undefined ? "" : cost.toFixed(6)];
      return [...facts.reverse(), ...figures, by].map(csvCell).join(",");
    });
  return `${[columns.join(","), ...lines].join("\r\n")}\r\n`;
}

/**
 * One cell. A text that a spreadsheet would take for a formula gets an apostrophe before it: an agent chooses the names of its models, and a
 * formula can send data away.
 */
export function csvCell(text: string): string {
  const isFormula = /^\s*[=+\-@]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text);
  const safe = isFormula || /^[\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
