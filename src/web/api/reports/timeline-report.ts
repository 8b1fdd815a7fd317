// A page of the history as lines: a call of a tool is one line, also if its beginning and its end are on different pages.
import { type AuditFilter, parseAuditKind } from "../../../domain/audit/audit-filter.ts";
import type { TimelineLine } from "../../../domain/history/record-line.ts";
import { type CallFolder, createCallFolder } from "../../../domain/history/timeline.ts";
import { dayStartMs } from "../../../domain/spending/days.ts";
import { CliaiError } from "../../../domain/text/errors.ts";
import { parseMomentMs } from "../../../domain/text/moment.ts";
import { parseAgentId } from "../../../domain/wire/agent-id.ts";
import type { HistoryPage, HistoryReading } from "../../../server/server-readings.ts";
import type { AskedReport } from "./costs-report.ts";

export interface HistoryQuery {
  readonly filter: AuditFilter;
  readonly before: number | undefined;
  readonly limit: number;
  /** The sequence of a record that must have a line, also if it is the end of a call whose line would be on the next page. */
  readonly record?: number;
}

export interface TimelineReport extends Omit<HistoryPage, "records"> {
  /** Newest first. */
  readonly lines: readonly TimelineLine[];
}

const standardLimit = 100;
export const mostLimit = 1_000;
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

/** @param name of the parameter, for the message @throws CliaiError `usage` */
export function wholeNumber(text: string | undefined, name: string, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= most) return value;
  throw new CliaiError("usage", `${name} "${text}" is not a whole number from 1 to ${most}`, {
    hint: "leave it out",
  });
}

/** As {@link readHistoryQuery}, with `record`: the sequence of the record with which the page begins. @throws CliaiError as that */
export function readTimelineQuery(report: AskedReport, now: Date): HistoryQuery {
  const query = readHistoryQuery(report, now);
  const record = wholeNumber(
    report.asked("record")?.trim() || undefined,
    "record",
    Number.MAX_SAFE_INTEGER - 1,
  );
  return record === undefined ? query : { ...query, before: record + 1, record };
}

/** @throws CliaiError if NATS does not answer */
export async function makeTimeline(history: HistoryReading, query: HistoryQuery): Promise<TimelineReport> {
  const read = await readTimeline(history, query);
  return { ...read.page, lines: linesOf(read) };
}

export interface ReadTimeline {
  readonly page: Omit<HistoryPage, "records">;
  /** Has the records of the page, and the ends and beginnings of their calls. Takes later records, too. */
  readonly folder: CallFolder;
  /** Whether an end without its beginning is no line, because the line is on the next page. */
  readonly isEndElsewhere: boolean;
  /** Except for this one. */
  readonly wanted?: number | undefined;
}

/** @throws CliaiError if NATS does not answer */
export async function readTimeline(
  history: HistoryReading,
  { filter, before, limit, record: wanted }: HistoryQuery,
): Promise<ReadTimeline> {
  const { records, ...page } = await history.page(filter, { before, limit });
  const folder = createCallFolder();
  for (const record of records.toReversed()) folder.add(record);
  const { open, orphans } = folder.result();
  if (open.length > 0) {
    let looked = 0;
    await history.after({ agent: filter.agent, kind: "event" }, firstOpen(open), (record) => {
      looked += 1;
      return !folder.addEnd(record) || looked > looksOn;
    });
  }
  const isEndElsewhere = !isSelecting(filter) && page.older !== undefined;
  const shown = orphans.filter(({ seq }) => !isEndElsewhere || seq === wanted);
  for (const [agent, own] of Map.groupBy(shown, ({ agent_id }) => agent_id)) {
    if (agent === undefined) continue;
    const last = Math.max(...own.map(({ seq }) => seq));
    const found = { agent: parseAgentId(agent), kind: "tool_start" };
    for (const record of (await history.page(found, { before: last, limit: looksBack })).records)
      folder.addStart(record);
  }
  return { page, folder, isEndElsewhere, wanted };
}

/** Newest first. */
export function linesOf({ folder, isEndElsewhere, wanted }: ReadTimeline): readonly TimelineLine[] {
  const { lines, orphans } = folder.result();
  if (!isEndElsewhere) return lines;
  const elsewhere = new Set(orphans.map(({ seq }) => seq).filter((seq) => seq !== wanted));
  return lines.filter(({ seq }) => !elsewhere.has(seq));
}

/** Whether the filter may leave out the end of a call whose beginning fits, or the other way round. */
export function isSelecting({ text, failed, kind }: AuditFilter): boolean {
  return text !== undefined || failed === true || kind !== undefined;
}

function firstOpen(open: readonly TimelineLine[]): number {
  return Math.min(...open.map(({ seq }) => seq)) + 1;
}
