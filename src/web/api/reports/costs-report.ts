// What was spent, by period and group, in the time zone of whoever asks.
import type { Context } from "hono";
import { getCookie } from "hono/cookie";
import { dayStartMs, zoneOf } from "../../../domain/spending/days.ts";
import {
  type Grouping,
  groupings,
  type Period,
  periods,
  reportSpending,
  type SpendingReportView,
  type Spent,
  sumOf,
} from "../../../domain/spending/spending-report.ts";
import { CliaiError } from "../../../domain/text/errors.ts";
import { didYouMean } from "../../../domain/text/nearest.ts";
import type { SpendingReading } from "../../../server/server-readings.ts";

/** The browser's script keeps its time zone in this cookie. */
export const zoneCookie = "cliai-zone";

export interface CostsReport extends SpendingReportView {
  /** False while the server still reads what AUDIT had when it started: then there may be more. */
  readonly is_complete: boolean;
}

/** The parameters of a report, and the time zone in which its days are. */
export interface AskedReport {
  readonly asked: (name: string) => string | undefined;
  readonly zone: string;
}

/** The time zone by the parameter `zone`, else by the cookie, else UTC. */
export function askedZone(c: Context): string {
  return zoneOf(c.req.query("zone") ?? getCookie(c, zoneCookie));
}

/** What the address asks for. */
export function askedOf(c: Context): AskedReport {
  return { asked: (name) => c.req.query(name), zone: askedZone(c) };
}

/**
 * @param agent only what this agent has spent
 * @throws CliaiError `usage` for an unknown period or grouping
 */
export function makeCostsReport(
  { asked, zone }: AskedReport,
  spending: SpendingReading,
  now: Date,
  agent?: string,
): CostsReport {
  const options = {
    zone,
    period: oneOf<Period>(periods, asked("period"), "today", "period"),
    by: oneOf<Grouping>(groupings, asked("by"), "agent", "by"),
  };
  const all = spending.sessions();
  const sessions = agent === undefined ? all : all.filter(({ agent_id }) => agent_id === agent);
  const report = reportSpending(sessions, now, options);
  return { ...report, is_complete: spending.isComplete() };
}

function oneOf<Word extends string>(
  known: readonly Word[],
  text: string | undefined,
  standard: Word,
  name: string,
): Word {
  if (text === undefined || text === "") return standard;
  const found = known.find((word) => word === text);
  if (found !== undefined) return found;
  throw new CliaiError("usage", `${name} "${text}" is none of ${known.join(", ")}`, {
    hint: didYouMean(text, known) ?? `leave it out, or write ${name}=${standard}`,
  });
}

/** What was spent today, of the same sessions computed once for all open pages. */
const ofToday = new WeakMap<readonly unknown[], Map<number, Spent>>();

export function spentToday(spending: SpendingReading, now: Date, zone: string): Spent {
  const sessions = spending.sessions();
  const fromMs = dayStartMs(now.getTime(), zone);
  const known = ofToday.get(sessions) ?? new Map<number, Spent>();
  ofToday.set(sessions, known);
  const spent = known.get(fromMs) ?? sumOf(sessions, { fromMs, toMs: Number.POSITIVE_INFINITY });
  known.set(fromMs, spent);
  return spent;
}
