/** @jsxImportSource hono/jsx */
// What changes on an open timeline: its calls get their ends in place, and new lines are counted.
import {
  type HistoryQuery,
  isSelecting,
  linesOf,
  type ReadTimeline,
  readHistoryQuery,
  readTimeline,
} from "../../api/reports/timeline-report.ts";
import type { Part } from "../changed-parts.ts";
import type { LiveFacts } from "../live/live-facts.ts";
import type { ReportReading } from "../live/live-report.ts";
import { askedNames, type TimelineAsked } from "./timeline-filters.tsx";
import { Line } from "./timeline-line.tsx";
import { NewLines, newLinesCounted } from "./timeline-page.tsx";

/**
 * One open page. Searches the history backwards only once, for the lines that the page has. After that, it reads only what has come since its
 * last reading.
 */
export function createTimelineReading(facts: LiveFacts): Omit<ReportReading, "everyMs"> {
  const { report, newest, now } = facts;
  const { history } = facts.server;
  let page: { readonly query: HistoryQuery; readonly read: ReadTimeline } | undefined;
  /** Up to here, new lines have been counted. */
  let countedTo = newest;
  /** Up to here, ends of calls have been looked for. */
  let endsTo = newest;
  let isBehind = false;

  const newLines = (read: ReadTimeline) => linesOf(read).filter(({ seq }) => seq > newest).length;
  const isCounting = (read: ReadTimeline) => newLines(read) <= newLinesCounted;
  const readOn = async ({ query: { filter }, read }: NonNullable<typeof page>) => {
    const { folder } = read;
    const present = history.newest();
    if (isCounting(read)) {
      let looked = 0;
      countedTo = await history.after(filter, countedTo + 1, (record) => {
        folder.add(record);
        countedTo = record.seq; // if the reading fails later, the next one goes on here
        looked += 1;
        return looked % newLinesCounted === 0 && !isCounting(read);
      });
    }
    const isOpen = () => folder.result().open.some(({ seq }) => seq <= newest);
    if (isCounting(read) && !isSelecting(filter)) {
      endsTo = countedTo; // all ends were among what was counted
    } else if (isOpen()) {
      const ofCalls = { agent: filter.agent, kind: "event" };
      endsTo = await history.after(ofCalls, endsTo + 1, (record) => !folder.addEnd(record));
    }
    isBehind = (isCounting(read) && countedTo < present) || (isOpen() && endsTo < present);
  };
  return {
    version: () => (isBehind ? Symbol("not all was read in time") : history.newest()),
    // The page has all that was recorded up to there. What its streams have sent since may be lost.
    madeOf: newest,
    async read(): Promise<Part[]> {
      const at = now();
      if (page === undefined) {
        const query = { ...readHistoryQuery(report, at), before: newest + 1 };
        page = { query, read: await readTimeline(history, query) };
      }
      await readOn(page);
      const { read } = page;
      const asked = askedTimeline(report.asked);
      const known = linesOf(read).filter(({ seq }) => seq <= newest);
      return [
        { id: "timeline-new", part: <NewLines asked={asked} count={newLines(read)} /> },
        ...known.map((line) => ({
          id: `r${line.seq}`,
          part: <Line line={line} zone={report.zone} isOfOne={asked.agent !== ""} isNewest now={at} />,
        })),
      ];
    },
  };
}

/** What was typed into the filters. */
export function askedTimeline(asked: (name: string) => string | undefined): TimelineAsked {
  return Object.fromEntries(askedNames.map((name) => [name, asked(name)?.trim() ?? ""])) as TimelineAsked;
}
