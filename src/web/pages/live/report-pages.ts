// Which pages that report are updated, from what, and how often.

import type { Logger } from "../../../log.ts";
import type { AskedReport } from "../../api/reports/costs-report.ts";
import { createCostsParts } from "../costs/live-costs.tsx";
import { createMessagesReading } from "../messages/live-messages.tsx";
import { rulesParts, rulesVersion } from "../rules/live-rules.tsx";
import { systemReportParts } from "../system/live-system.tsx";
import { createTimelineReading } from "../timeline/live-timeline.tsx";
import type { LiveFacts } from "./live-facts.ts";
import { createLiveReport, type LiveReport, type ReportReading } from "./live-report.ts";

/** A page of history is read again after this time at the earliest. */
const historyEveryMs = 2_000;
/** The rules are in memory. */
const rulesEveryMs = 200;
/** Figures that nobody waits for are made again after this time at the earliest. */
const figuresEveryMs = 10_000;

/** Undefined for a page that does not report. */
export function liveReportOf(
  page: string | undefined,
  facts: LiveFacts,
  log: Logger,
): LiveReport | undefined {
  const reading = readingOf(page, facts);
  return reading && createLiveReport(reading, { viewer: facts.viewer, nowMs: () => performance.now(), log });
}

function readingOf(page: string | undefined, facts: LiveFacts): ReportReading | undefined {
  switch (page) {
    case "timeline":
      return { everyMs: historyEveryMs, ...createTimelineReading(facts) };
    case "messages":
      return { everyMs: historyEveryMs, ...createMessagesReading(facts) };
    case "rules":
      return {
        ...{ everyMs: rulesEveryMs, version: () => rulesVersion(facts) },
        read: async () => rulesParts(facts),
      };
    case "costs": {
      const parts = createCostsParts(facts);
      return { everyMs: figuresEveryMs, version: spendingVersion(facts), read: async () => parts() };
    }
    case "system":
      return {
        everyMs: figuresEveryMs,
        // The store's figures change without a change of the fleet.
        version: () => Math.floor(performance.now() / figuresEveryMs),
        read: () => systemReportParts(facts),
      };
    default:
      return undefined;
  }
}

/** Another one after each report of usage, and each minute, because the spans of time move on. */
function spendingVersion({ server, now }: LiveFacts): () => string {
  let sessions: unknown = server.spending.sessions();
  let changes = 0;
  return () => {
    const present = server.spending.sessions();
    if (present !== sessions) changes += 1;
    sessions = present;
    return `${changes} ${Math.floor(now().getTime() / 60_000)}`;
  };
}

/** The parameters that the stream's address has of its page's address. */
export function askedReport(
  report: string | undefined,
  zoneOf: (asked: string | undefined) => string,
): AskedReport {
  const query = new URLSearchParams(report);
  const asked = (name: string) => query.get(name) ?? undefined;
  return { asked, zone: zoneOf(asked("zone")) };
}
