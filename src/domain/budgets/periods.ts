// When a budget's period begins and ends: a day or a month of a time zone, or a run.
import { dateText, dayStartMs, monthStartMs } from "../spending/days.ts";
import type { Span } from "../spending/spending-report.ts";
import type { BudgetPeriod } from "./budget.ts";

export interface BudgetSpan extends Span {
  /** The same for the same period, and for no other: `2026-11-29`, `2026-11`, `run:` and the run's id. */
  readonly key: string;
}

const hourMs = 3_600_000;

/** The span that was asked for last, of each period and zone: all budgets of a look ask for the same. */
const lastSpans = new Map<string, BudgetSpan>();

/** The present day or month. A day may have 23 or 25 hours. */
export function calendarSpan(per: Exclude<BudgetPeriod, "run">, nowMs: number, zone: string): BudgetSpan {
  const known = lastSpans.get(`${per} ${zone}`);
  if (known !== undefined && nowMs >= known.fromMs && nowMs < known.toMs) return known;
  const span = spanAt(per, nowMs, zone);
  lastSpans.set(`${per} ${zone}`, span);
  return span;
}

function spanAt(per: Exclude<BudgetPeriod, "run">, nowMs: number, zone: string): BudgetSpan {
  if (per === "day") {
    const fromMs = dayStartMs(nowMs, zone);
    return { key: dateText(fromMs, zone), fromMs, toMs: dayStartMs(fromMs + 36 * hourMs, zone) };
  }
  const fromMs = monthStartMs(nowMs, zone);
  // The 32nd day after it begins is in the next month, and in none after that.
  const toMs = monthStartMs(fromMs + 32 * 24 * hourMs, zone);
  return { key: dateText(fromMs, zone).slice(0, 7), fromMs, toMs };
}

/** What a run has spent counts as long as it lasts. */
export function runSpan(run: string): BudgetSpan {
  return { key: `run:${run}`, fromMs: 0, toMs: Number.POSITIVE_INFINITY };
}
