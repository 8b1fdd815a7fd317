/** @jsxImportSource hono/jsx */
// What changes on an open timeline: its calls get their ends in place, and new lines are counted.
import type { TimelineLine } from "../../../domain/history/timeline.ts";
import { makeTimeline, readHistoryQuery } from "../../api/reports/timeline-report.ts";
import type { Part } from "../changed-parts.ts";
import type { LiveFacts } from "../live/live-facts.ts";
import { askedNames, Line, NewLines, type TimelineAsked } from "./timeline-page.tsx";

export async function timelineParts(facts: LiveFacts): Promise<Part[]> {
  const { server, report, now } = facts;
  const at = now();
  const query = readHistoryQuery(report, at);
  const { lines } = await makeTimeline(server.history, query);
  const asked = askedTimeline(report.asked);
  const fresh = lines.filter((line) => isFresh(line, query.filter.failed === true, facts));
  const known = lines.filter((line) => !fresh.includes(line));
  return [
    { id: "timeline-new", part: <NewLines asked={asked} count={fresh.length} /> },
    ...known.map((line) => ({
      id: `r${line.seq}`,
      part: <Line line={line} zone={report.zone} isOfOne={asked.agent !== ""} isNewest now={at} />,
    })),
  ];
}

/** Whether the line was not on the page when that was made. Among failures, a call comes with its end, and has the place of its beginning. */
function isFresh(
  { seq, at, took_ms = 0 }: TimelineLine,
  isOfFailures: boolean,
  { newest, madeAtMs }: Pick<LiveFacts, "newest" | "madeAtMs">,
): boolean {
  return seq > newest || (isOfFailures && Date.parse(at) + took_ms > madeAtMs);
}

/** What was typed into the filters. */
export function askedTimeline(asked: (name: string) => string | undefined): TimelineAsked {
  return Object.fromEntries(askedNames.map((name) => [name, asked(name)?.trim() ?? ""])) as TimelineAsked;
}
