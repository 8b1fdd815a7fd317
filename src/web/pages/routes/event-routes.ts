// The address of the event stream that updates an open page.
import type { Hono } from "hono";
import { eventStream } from "../../api/event-stream.ts";
import { layouts } from "../fleet/layouts.ts";
import { createPageEvents, livePages, pageGapMs, pageKeepAlive } from "../page-events.tsx";
import type { PagesOptions } from "../show-page.tsx";

export function registerEventRoutes(pages: Hono, options: PagesOptions): void {
  const { server, natsUrl, spawnCommand, clis, access, now } = options;

  pages.get("/events", (c) => {
    const layout = c.req.query("layout");
    const source = createPageEvents(server, {
      lastEventId: c.req.header("last-event-id") ?? c.req.query("since"),
      agent: c.req.query("agent"),
      page: livePages.find((known) => known === c.req.query("page")) ?? "fleet",
      key: c.req.query("key"),
      failed: (c.req.query("failed") ?? "").split(","),
      layout: layouts.find((known) => known === layout) ?? "empty",
      ...{ clis, spawnCommand },
      listening: [new URL(c.req.url).origin, natsUrl],
      now,
    });
    return eventStream(source, {
      signal: c.req.raw.signal,
      onVoid: access?.onRotated,
      minGapMs: pageGapMs,
      keepAlive: pageKeepAlive,
    });
  });
}
