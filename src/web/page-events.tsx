/** @jsxImportSource hono/jsx */
// GET /events: what keeps a page true. It carries the very markup the pages are made of, for the parts that changed.
import type { Child } from "hono/jsx";
import type { AgentView } from "../domain/agent-record.ts";
import type { Server } from "../server/server.ts";
import { assetsVersion } from "./assets.ts";
import type { StreamEvent, StreamSource } from "./event-stream.ts";
import { createFleetCursor, type FleetStep } from "./fleet-cursor.ts";
import { agentParts } from "./pages/agent-page.tsx";
import { AgentEntry, FleetContent, SectionCount } from "./pages/fleet-page.tsx";
import { InboxContent } from "./pages/inbox-page.tsx";
import { Counts, InboxLink, NatsBanner } from "./pages/layout.tsx";
import { countSections, type Layout, layoutOf, sections } from "./sections.ts";

export interface PageEventsOptions {
  readonly lastEventId: string | undefined;
  /** The agent whose page it is; undefined for the fleet page. */
  readonly agent: string | undefined;
  /** Whether it is the inbox's page. */
  readonly isInbox: boolean;
  /** How the fleet page shows its agents now. */
  readonly layout: Layout;
  readonly spawnCommand: string;
  readonly listening: readonly string[];
  readonly now: () => Date;
}

/** About how often a page paints at most: four times a second. */
export const pageGapMs = 250;

/** An event and not a comment: scripts do not see comments, and must notice when the stream is dead. */
export const pageKeepAlive = "event: ping\ndata: {}\n\n";

/** `hello` first, then `patch`: the markup of each changed part, whose root element bears the id it replaces. */
export function createPageEvents(server: Server, options: PageEventsOptions): StreamSource {
  const { fleet } = server;
  const { agent, isInbox, now } = options;
  const cursor = createFleetCursor(server, options.lastEventId);
  const sent = new Map<string, string>();
  let { layout } = options;
  let greeted = false;
  let requestsChanged = true;

  const fleetParts = (step: FleetStep, views: readonly AgentView[]): Part[] => {
    const counts = countSections(views);
    const before = layout;
    layout = layoutOf(views.length);
    if (step.kind === "whole" || layout !== before) {
      sent.clear();
      return [{ id: "live", part: <FleetContent {...options} views={views} now={now()} /> }];
    }
    const changed = new Set<string>(step.ids);
    return [
      ...sections.map((section) => ({
        id: `count-${section}`,
        part: <SectionCount section={section} count={counts[section]} />,
      })),
      ...views
        .filter(({ agent_id }) => changed.has(agent_id))
        .map((view) => ({
          id: `agent-${view.agent_id}`,
          part: <AgentEntry view={view} layout={layout} now={now()} />,
        })),
    ];
  };
  const ownParts = (step: FleetStep, views: readonly AgentView[]): Part[] => {
    const view = views.find(({ agent_id }) => agent_id === agent);
    if (view === undefined || (step.kind === "changed" && !step.ids.includes(view.agent_id))) return [];
    return agentParts({ view, timeline: fleet.timeline(view.agent_id), now: now() });
  };
  const partsOf = (step: FleetStep): Part[] => {
    const views = fleet.list();
    const parts = isInbox ? [] : agent === undefined ? fleetParts(step, views) : ownParts(step, views);
    return [{ id: "counts", part: <Counts counts={countSections(views)} /> }, ...parts];
  };

  const requestParts = (): Part[] => {
    const link = { id: "inbox-link", part: <InboxLink count={server.requests.open().length} /> };
    if (!isInbox) return [link];
    const inbox = { requests: server.requests.all(), views: fleet.list(), now: now() };
    return [link, { id: "inbox", part: <InboxContent {...inbox} /> }];
  };

  return {
    next() {
      const events: StreamEvent[] = [];
      if (!greeted)
        events.push({ event: "hello", data: { assets: assetsVersion, now: now().toISOString() } });
      greeted = true;
      const step = cursor.advance();
      const parts = step === undefined ? [] : partsOf(step);
      // The inbox shows its agents' states, and what became of the answers.
      if (requestsChanged || (isInbox && step !== undefined)) parts.push(...requestParts());
      requestsChanged = false;
      parts.push({ id: "nats", part: <NatsBanner health={server.health()} /> });
      const html = changedMarkup(parts, sent);
      if (html.length > 0) {
        events.push({ event: "patch", id: cursor.id(), data: { now: now().toISOString(), html } });
      }
      return events;
    },
    watch(wake) {
      const stops = [
        fleet.onChange(wake),
        server.requests.onChange(() => {
          requestsChanged = true;
          wake();
        }),
      ];
      return () => {
        for (const stop of stops) stop();
      };
    },
  };
}

interface Part {
  readonly id: string;
  readonly part: Child;
}

/** Leaves out what this page has already, as it was last sent to it. */
function changedMarkup(parts: readonly Part[], sent: Map<string, string>): string[] {
  const fresh: string[] = [];
  for (const { id, part } of parts) {
    const html = String(part);
    if (sent.get(id) === html) continue;
    sent.set(id, html);
    fresh.push(html);
  }
  return fresh;
}
