/** @jsxImportSource hono/jsx */
// The address of the timeline.
import type { Hono } from "hono";
import { CliaiError } from "../../../domain/text/errors.ts";
import { spanText } from "../../../domain/text/moment.ts";
import { streams } from "../../../domain/wire/subjects.ts";
import type { Server } from "../../../server/server.ts";
import { describeError } from "../../api/http-errors.ts";
import { askedOf } from "../../api/reports/costs-report.ts";
import { makeTimeline, readTimelineQuery } from "../../api/reports/timeline-report.ts";
import { type PagesOptions, reportStreamOf, showPage, streamOf } from "../show-page.tsx";
import { askedTimeline } from "./live-timeline.tsx";
import { TimelinePage } from "./timeline-page.tsx";

export function registerTimelineRoutes(pages: Hono, options: PagesOptions): void {
  const { server, now, log } = options;
  pages.get("/timeline", async (c) => {
    const at = now();
    const { asked, zone } = askedOf(c);
    const isOlder = asked("before") !== undefined || asked("record") !== undefined;
    const page = {
      asked: askedTimeline(asked),
      isOlder,
      isLive: !isOlder && !asked("until"),
      agents: server.fleet.list().map(({ agent_id }) => agent_id),
      zone,
      keptFor: await keptFor(server),
      now: at,
    };
    const content = { title: "Timeline", stream: streamOf(server, "other") };
    const streamAfter = reportStreamOf(server, "timeline", c);
    // All records up to this one are looked at for the page, whether they fit or not.
    const looked = server.history.newest();
    try {
      const report = await makeTimeline(server.history, readTimelineQuery({ asked, zone }, at));
      const newest = Math.max(looked, ...report.lines.map(({ seq }) => seq));
      return await showPage(c, options, {
        ...content,
        ...(page.isLive ? { stream: streamAfter(newest) } : {}),
        body: <TimelinePage {...page} report={report} error={undefined} />,
      });
    } catch (error) {
      if (!(error instanceof CliaiError)) throw error;
      // A filter that cannot be read is shown again, with what is wrong with it.
      const described = describeError(error, log);
      c.status(described.status);
      return await showPage(c, options, {
        ...content,
        body: <TimelinePage {...page} report={undefined} error={described} />,
      });
    }
  });
}

/** How long AUDIT keeps its records; undefined if the store does not say. */
async function keptFor(server: Server): Promise<string | undefined> {
  const facts = await server.system().catch(() => undefined); // the page then says why it has no history
  const seconds = facts?.store.streams.find(({ name }) => name === streams.audit)?.max_age_s;
  return seconds === undefined ? undefined : spanText(seconds);
}
