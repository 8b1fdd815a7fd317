// A page of the history as lines: a call of a tool is one line, also if its beginning and its end are on different pages.
import { type AuditFilter, parseAuditKind } from "../../../domain/audit/audit-filter.ts";
import type { TimelineLine } from "../../../domain/history/record-line.ts";
import { createCallFolder } from "../../../domain/history/timeline.ts";
import { dayStartMs } from "../../../domain/spending/days.ts";
import { CliaiError } from "../../../domain/text/errors.ts";
import { parseMomentMs } from "../../../domain/text/moment.ts";
import { parseAgentId } from "../../../domain/wire/agent-id.ts";
import type { HistoryPage, HistoryReading } from "../../../server/server.ts";
import type { AskedReport } from "./costs-report.ts";

export interface HistoryQuery {
  readonly filter: AuditFilter;
  readonly before: number | undefined;
  readonly limit: number;
}

export interface TimelineReport extends Omit<HistoryPage, "records"> {
  /** Newest first. */
  readonly lines: readonly TimelineLine[];
}

const standardLimit = 100;
const mostLimit = 1_000;
/** The end of a call is looked for in so many records after the page, and its beginning in so many before. */
const looksOn = 2_000;
const looksBack = 200;

/**
 * Reads `agent`, `kind`, `since`, `until`, `text`, `failed`, `before` and `limit` from the address. An empty one counts as not given.
 * @throws CliaiError `usage`, `agent_id_invalid`
 */
export function readHistoryQuery({ asked: given, zone }: AskedReport, now: Date): HistoryQuery {
  const asked = (name: string) => given(name)?.trim() || undefined;
  const [agent, kind, text] = [asked("agent"), asked("kind"), asked("text")];
  const moment = (name: string): number | undefined => {
    const value = asked(name);
    if (value === "today") return dayStartMs(now.getTime(), zone);
    if (value === "yesterday") return dayStartMs(dayStartMs(now.getTime(), zone) - 1, zone);
    return value === undefined ? undefined : parseMomentMs(value, name, now);
  };
  return {
    filter: {
      agent: agent === undefined ? undefined : parseAgentId(agent),
      kind: kind === undefined ? undefined : parseAuditKind(kind),
      sinceMs: moment("since"),
      untilMs: moment("until"),
      text,
      failed: asked("failed") === undefined ? undefined : true,
    },
    before: wholeNumber(asked("before"), "before", Number.MAX_SAFE_INTEGER),
    limit: wholeNumber(asked("limit"), "limit", mostLimit) ?? standardLimit,
  };
}

function wholeNumber(text: string | undefined, name: string, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= most) return value;
  throw new CliaiError("usage", `${name} "${text}" is not a whole number from 1 to ${most}`, {
    hint: "leave it out",
  });
}

/** @throws CliaiError if NATS does not answer */
export async function makeTimeline(
  history: HistoryReading,
  { filter, before, limit }: HistoryQuery,
): Promise<TimelineReport> {
  const { records, ...page } = await history.page(filter, { before, limit });
  const folder = createCallFolder();
  for (const record of records.toReversed()) folder.add(record);
  const [newest] = records;
  const first = folder.result();
  if (newest !== undefined && first.open.length > 0) {
    let looked = 0;
    await history.after({ agent: filter.agent, kind: "event" }, firstOpen(first.open), (record) => {
      looked += 1;
      return !folder.addEnd(record) || looked > looksOn;
    });
  }
  // Without a filter, the beginning of such a call is on the next page, and has its end there.
  const { text, failed, kind } = filter;
  const isSelected = text !== undefined || failed === true || kind !== undefined;
  if (!isSelected && page.older !== undefined) {
    const elsewhere = new Set(first.orphans.map(({ seq }) => seq));
    return { ...page, lines: folder.result().lines.filter(({ seq }) => !elsewhere.has(seq)) };
  }
  for (const [agent, orphans] of Map.groupBy(first.orphans, ({ agent_id }) => agent_id)) {
    if (agent === undefined) continue;
    const last = Math.max(...orphans.map(({ seq }) => seq));
    const found = { agent: parseAgentId(agent), kind: "tool_start" };
    for (const record of (await history.page(found, { before: last, limit: looksBack })).records)
      folder.addStart(record);
  }
  return { ...page, lines: folder.result().lines };
}

function firstOpen(open: readonly TimelineLine[]): number {
  return Math.min(...open.map(({ seq }) => seq)) + 1;
}
