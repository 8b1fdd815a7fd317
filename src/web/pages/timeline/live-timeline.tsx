/** @jsxImportSource hono/jsx */
// What changes on an open timeline: its calls get their ends in place, and new lines are counted.
import { makeTimeline, readHistoryQuery } from "../../api/reports/timeline-report.ts";
import type { Part } from "../changed-parts.ts";
import type { LiveFacts } from "../live/live-facts.ts";
import { askedNames, type TimelineAsked } from "./timeline-filters.tsx";
import { Line } from "./timeline-line.tsx";
import { NewLines } from "./timeline-page.tsx";

export async function timelineParts({ server, report, newest, now }: LiveFacts): Promise<Part[]> {
  const at = now();
  const { lines } = await makeTimeline(server.history, readHistoryQuery(report, at));
  const asked = askedTimeline(report.asked);
  const fresh = lines.filter(({ seq }) => seq > newest);
  const known = lines.filter(({ seq }) => seq <= newest);
  return [
    { id: "timeline-new", part: <NewLines asked={asked} count={fresh.length} /> },
    ...known.map((line) => ({
      id: `r${line.seq}`,
      part: <Line line={line} zone={report.zone} isOfOne={asked.agent !== ""} isNewest now={at} />,
    })),
  ];
}

/** What was typed into the filters. */
export function askedTimeline(asked: (name: string) => string | undefined): TimelineAsked {
  return Object.fromEntries(askedNames.map((name) => [name, asked(name)?.trim() ?? ""])) as TimelineAsked;
}
