// Sums what sessions have spent, by period and by agent, model, project or profile.
import { dateText, dayStartMs, hourText, lastDays, monthStartMs, weekStartMs } from "./days.ts";
import { quarterMs, type SessionSpending } from "./session-spending.ts";

export const groupings = ["agent", "model", "project", "profile"] as const;
export type Grouping = (typeof groupings)[number];

export interface Spent {
  readonly tokens: number;
  /** US dollars; undefined if nobody has told a cost: an unknown cost is not 0. */
  readonly cost: number | undefined;
  /** How many agents have used something. */
  readonly agents: number;
  /** How many of them have told a cost. */
  readonly told: number;
}

export interface SpentGroup extends Spent {
  readonly name: string;
}

/** One bar of a chart. */
export interface SpentSpan extends Spent {
  /** RFC 3339. */
  readonly from: string;
  /** `2026-11-29`, or `14:00` */
  readonly label: string;
}

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface SpendingReportView {
  /** RFC 3339. */
  readonly at: string;
  readonly zone: string;
  readonly periods: Readonly<Record<Period, Spent & { readonly from: string }>>;
  /** The period and the grouping of `groups`. */
  readonly period: Period;
  readonly by: Grouping;
  /** The most expensive first, then by tokens. */
  readonly groups: readonly SpentGroup[];
  /** What was spent in the last hour: the burn rate. */
  readonly last_hour: Spent;
  /** The last 30 days, and the last 24 hours; the oldest first. */
  readonly days: readonly SpentSpan[];
  readonly hours: readonly SpentSpan[];
  /** Since when anything is known, RFC 3339; undefined if nothing is. */
  readonly since: string | undefined;
}

export const periods = ["today", "week", "month", "all"] as const;
export type Period = (typeof periods)[number];

const daysShown = 30;
const hourMs = 3_600_000;

export interface ReportOptions {
  readonly zone: string;
  readonly period: Period;
  readonly by: Grouping;
}

export function reportSpending(
  sessions: readonly SessionSpending[],
  now: Date,
  { zone, period, by }: ReportOptions,
): SpendingReportView {
  const nowMs = now.getTime();
  const starts: Readonly<Record<Period, number>> = {
    today: dayStartMs(nowMs, zone),
    week: weekStartMs(nowMs, zone),
    month: monthStartMs(nowMs, zone),
    all: 0,
  };
  const sum = (fromMs: number, toMs = Number.POSITIVE_INFINITY) => sumOf(sessions, { fromMs, toMs });
  const since = sessions.reduce<string | undefined>(
    (first, { first_at }) => (first === undefined || first_at < first ? first_at : first),
    undefined,
  );
  const from = (ms: number) => (ms === 0 ? (since ?? now.toISOString()) : new Date(ms).toISOString());
  const days = lastDays(nowMs, zone, daysShown);
  const thisHour =
    Math.floor(nowMs / quarterMs) * quarterMs -
    (minuteOf(nowMs, zone) - (minuteOf(nowMs, zone) % 15)) * 60_000;
  const hours = Array.from({ length: 24 }, (_, index) => thisHour - (23 - index) * hourMs);
  const spans = (begins: readonly number[], label: (ms: number, zone: string) => string): SpentSpan[] => {
    const sums = sumsOf(sessions, begins);
    return begins.flatMap((ms, index) => {
      const spent = sums[index];
      return spent === undefined
        ? []
        : { from: new Date(ms).toISOString(), label: label(ms, zone), ...spent };
    });
  };
  return {
    at: now.toISOString(),
    zone,
    periods: {
      today: { from: from(starts.today), ...sum(starts.today) },
      week: { from: from(starts.week), ...sum(starts.week) },
      month: { from: from(starts.month), ...sum(starts.month) },
      all: { from: from(0), ...sum(0) },
    },
    period,
    by,
    groups: groupsOf(sessions, { fromMs: starts[period], toMs: Number.POSITIVE_INFINITY }, by),
    last_hour: sum((Math.floor(nowMs / quarterMs) - 3) * quarterMs),
    days: spans(days, dateText),
    hours: spans(hours, hourText),
    since,
  };
}

function minuteOf(ms: number, zone: string): number {
  return Number(hourText(ms, zone).slice(3));
}

/** What was spent in a span of time. */
export function sumOf(sessions: readonly SessionSpending[], span: Span): Spent {
  const sums = createSums();
  for (const session of sessions) addSession(sums, session, span);
  return sums.spent();
}

/** What was spent in each of the spans that begin at these moments, the oldest first; the last one has no end. Looks at each session once. */
function sumsOf(sessions: readonly SessionSpending[], begins: readonly number[]): Spent[] {
  const sums = begins.map(createSums);
  const fromMs = begins[0] ?? Number.POSITIVE_INFINITY;
  for (const { agent_id, quarters, last_at } of sessions) {
    if (isOver(last_at, fromMs)) continue;
    for (const quarter of quarters) {
      const index = begins.findLastIndex((ms) => ms <= quarter.at * quarterMs);
      sums[index]?.add(agent_id, quarter);
    }
  }
  return sums.map((each) => each.spent());
}

export function groupsOf(sessions: readonly SessionSpending[], span: Span, by: Grouping): SpentGroup[] {
  const groups = new Map<string, ReturnType<typeof createSums>>();
  const groupOf = (name: string) => {
    const known = groups.get(name) ?? createSums();
    groups.set(name, known);
    return known;
  };
  for (const session of sessions) {
    if (isOver(session.last_at, span.fromMs)) continue;
    for (const quarter of session.quarters) {
      if (!isWithin(quarter.at, span)) continue;
      const name = by === "model" ? (quarter.model ?? unknownName) : nameOf(session, by);
      groupOf(name).add(session.agent_id, quarter);
    }
  }
  return [...groups]
    .map(([name, sums]) => ({ name, ...sums.spent() }))
    .sort((a, b) => (b.cost ?? -1) - (a.cost ?? -1) || b.tokens - a.tokens || (a.name < b.name ? -1 : 1));
}

export const unknownName = "unknown";

function nameOf({ agent_id, project, profile }: SessionSpending, by: Exclude<Grouping, "model">): string {
  return { agent: agent_id, project: project ?? unknownName, profile: profile ?? unknownName }[by];
}

function isWithin(at: number, { fromMs, toMs }: Span): boolean {
  return at * quarterMs >= fromMs && at * quarterMs < toMs;
}

function createSums() {
  let tokens = 0;
  let cost: number | undefined;
  const agents = new Set<string>();
  const told = new Set<string>();
  return {
    add(agent: string, used: { readonly tokens: number; readonly cost?: number }) {
      tokens += used.tokens;
      agents.add(agent);
      if (used.cost === undefined) return;
      cost = (cost ?? 0) + used.cost;
      told.add(agent);
    },
    spent: (): Spent => ({ tokens, cost, agents: agents.size, told: told.size }),
  };
}

/** Most sessions ended long ago. */
function isOver(last_at: string, fromMs: number): boolean {
  return Date.parse(last_at) + quarterMs < fromMs;
}

function addSession(
  sums: ReturnType<typeof createSums>,
  { agent_id, quarters, last_at }: SessionSpending,
  span: Span,
): void {
  if (isOver(last_at, span.fromMs)) return;
  for (const quarter of quarters) if (isWithin(quarter.at, span)) sums.add(agent_id, quarter);
}
