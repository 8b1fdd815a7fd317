// Reads what the report of the agents' work is made of: the history since a moment, and the state of the fleet.
import type { AuditFilter } from "../../domain/audit/audit-filter.ts";
import type { AgentView } from "../../domain/fleet/agent-view.ts";
import type { DiffStat, ReportFacts, WorkReport } from "../../domain/report/report-lines.ts";
import { makeWorkReport } from "../../domain/report/work-report.ts";
import type { FleetService } from "../server.ts";
import type { RequestReading } from "../server-desks.ts";
import type { HistoryReading, HistoryRecord, SpendingReading } from "../server-readings.ts";

/**
 * Reads what has changed where these agents work. It leaves out an agent of which that is not known: it works elsewhere, or in no repository.
 * @returns the changes by agent; and what could not be read, in words
 */
export type ReadDiffs = (
  views: readonly AgentView[],
) => Promise<{ readonly diffs: ReadonlyMap<string, DiffStat>; readonly gaps: readonly string[] }>;

export interface WorkFactsOptions {
  readonly fleet: Pick<FleetService, "list">;
  readonly requests: Pick<RequestReading, "all">;
  readonly spending: SpendingReading;
  readonly history: Pick<HistoryReading, "page">;
  readonly readDiffs: ReadDiffs | undefined;
  readonly now: () => Date;
}

/** Of each of them at most so many of the newest records count. */
const filters: readonly (AuditFilter & { readonly what: string; readonly limit: number })[] = [
  { what: "commands", kind: "command", limit: 5_000 },
  { what: "shutdowns", kind: "shutdown", limit: 1_000 },
  { what: "receipts", kind: "receipt", limit: 20_000 },
  { what: "failures", failed: true, limit: 2_000 },
];

/** @throws CliaiError if NATS does not answer */
async function readWorkFacts(
  { fleet, requests, spending, history, readDiffs, now }: WorkFactsOptions,
  sinceMs: number,
): Promise<ReportFacts> {
  const gaps: string[] = [];
  const records = new Map<number, HistoryRecord>();
  for (const { what, limit, ...filter } of filters) {
    const page = await history.page({ ...filter, sinceMs }, { limit });
    for (const record of page.records) records.set(record.seq, record);
    const oldest = page.records.at(-1)?.at;
    if (page.older !== undefined)
      gaps.push(`${what} from before ${oldest ?? "now"}: there are too many to read them all`);
    else if (page.trimmed_before !== undefined && Date.parse(page.trimmed_before) > sinceMs)
      gaps.push(`what happened before ${page.trimmed_before}: the history is not kept that long`);
  }
  if (!spending.isComplete()) gaps.push("a part of what was spent: the server still reads the history");
  const views = fleet.list();
  const heard = views.filter(({ last_seen = "" }) => Date.parse(last_seen) >= sinceMs);
  const changed = await readDiffs?.(heard);
  return {
    ...{ sinceMs, now: now(), views, diffs: changed?.diffs ?? new Map() },
    requests: requests.all(),
    sessions: spending.sessions(),
    records: [...records.values()].sort((one, other) => one.seq - other.seq),
    gaps: [...gaps, ...(changed?.gaps ?? [])],
  };
}

/** Returns a function that makes the report of the agents' work since a moment. @throws CliaiError if NATS does not answer */
export function createWorkReports(options: WorkFactsOptions): (sinceMs: number) => Promise<WorkReport> {
  return async (sinceMs) => makeWorkReport(await readWorkFacts(options, sinceMs));
}
