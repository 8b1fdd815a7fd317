// The address of the event stream that updates an open page.
import type { Context, Hono } from "hono";
import { zoneOf } from "../../../domain/spending/days.ts";
import { callerOf, whenVoid } from "../../access/caller.ts";
import { eventStream, type StreamSource } from "../../api/event-stream.ts";
import { askedZone } from "../../api/reports/costs-report.ts";
import { agentTabOf } from "../agent/agent-tabs.tsx";
import { liveTranscriptOf, splitEventId, withTranscript } from "../agent/live-transcript.tsx";
import { parseFleetQuery } from "../fleet/fleet-query.ts";
import { layouts } from "../fleet/layouts.ts";
import { withReport } from "../live/live-report.ts";
import { askedReport, liveReportOf } from "../live/report-pages.ts";
import { createPageEvents, livePages, pageGapMs, pageKeepAlive } from "../page-events.tsx";
import type { PagesOptions } from "../show-page.tsx";

export function registerEventRoutes(pages: Hono, options: PagesOptions): void {
  pages.get("/events", (c) =>
    eventStream(pageSource(c, options), {
      signal: c.req.raw.signal,
      onVoid: whenVoid(c, options.access),
      minGapMs: pageGapMs,
      keepAlive: pageKeepAlive,
    }),
  );
}

/** What updates the page that the address of the stream names. */
export function pageSource(c: Context, options: PagesOptions): StreamSource {
  const { server, made, natsUrl, spawnCommand, clis, doctor, listNodes, now, log } = options;
  const viewer = callerOf(c);
  const layout = c.req.query("layout");
  const [lastEventId, lastEntry] = splitEventId(c.req.header("last-event-id") ?? c.req.query("since"));
  const source = createPageEvents(server, {
    lastEventId,
    agent: c.req.query("agent"),
    tab: agentTabOf(c.req.query("tab")),
    page: livePages.find((known) => known === c.req.query("page")) ?? "fleet",
    key: c.req.query("key"),
    request: c.req.query("request"),
    failed: (c.req.query("failed") ?? "").split(","),
    query: parseFleetQuery((name) => c.req.query(name)),
    layout: layouts.find((known) => known === layout) ?? "empty",
    made: made.find(c.req.query("made"), lastEventId),
    ...{ clis, spawnCommand, doctor, zone: askedZone(c) },
    listening: [new URL(c.req.url).origin, natsUrl],
    ...{ viewer, now },
  });
  const transcript = liveTranscriptOf(server, c.req.query(), lastEntry);
  const whole =
    transcript === undefined ? source : withTranscript(source, transcript, { fleetId: lastEventId, now });
  const report = liveReportOf(
    c.req.query("page"),
    {
      ...{ server, doctor, listNodes, viewer, now },
      report: askedReport(c.req.query("report"), (zone) =>
        zone === undefined ? askedZone(c) : zoneOf(zone),
      ),
      newest: Number(/^\d{1,15}$/.exec(c.req.query("newest") ?? "")?.[0] ?? 0),
    },
    log,
  );
  return report === undefined ? whole : withReport(whole, report, now);
}
