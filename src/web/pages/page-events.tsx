/** @jsxImportSource hono/jsx */
// GET /events: updates an open page. It sends the markup of the parts that changed, made by the same components as the page.
import type { CliAbilities } from "../../domain/abilities.ts";
import type { AgentView } from "../../domain/fleet/agent-view.ts";
import { modelServersOf } from "../../domain/fleet/shown/model-servers.ts";
import { countSections } from "../../domain/fleet/shown/sections.ts";
import { lagOf } from "../../domain/system/lag.ts";
import type { Server } from "../../server/server.ts";
import type { Caller } from "../access/caller.ts";
import { findBulkTargets } from "../api/bulk-orders.ts";
import type { StreamEvent, StreamSource } from "../api/event-stream.ts";
import { createFleetCursor, type FleetStep } from "../api/fleet-cursor.ts";
import { spentToday } from "../api/reports/costs-report.ts";
import { type Doctor, shownAlerts, troubleCount } from "../api/reports/system-report.ts";
import { assetsVersion } from "../assets.ts";
import { agentParts } from "./agent/agent-page.tsx";
import type { AgentTab } from "./agent/agent-tabs.tsx";
import { BulkResults } from "./bulk-page.tsx";
import { createChangedParts, type Part } from "./changed-parts.ts";
import { BudgetLines, budgetsId } from "./costs/budget-lines.tsx";
import { createFleetPatch, type FleetChanges } from "./fleet/fleet-patch.tsx";
import type { FleetQuery } from "./fleet/fleet-query.ts";
import type { Layout } from "./fleet/layouts.ts";
import { ModelServers } from "./fleet/model-servers.tsx";
import { InboxContent } from "./inbox-page.tsx";
import { Counts, InboxLink, NatsBanner, OpenNeeds } from "./layout.tsx";
import { createNews } from "./live/news.ts";
import type { MadePage } from "./made-pages.ts";
import { UsageTotal } from "./parts/usage.tsx";
import { AgentRequests } from "./requests/agent-requests.tsx";
import { AlertsPanel } from "./system/alerts-panel.tsx";
import { LagPanel } from "./system/lag-panel.tsx";
import { SystemLink } from "./system/system-link.tsx";
import { terminalParts } from "./terminal/terminal-page.tsx";
import { typingParts } from "./terminal/type-page.tsx";

export interface PageEventsOptions {
  readonly lastEventId: string | undefined;
  /** The agent that the page is about. */
  readonly agent: string | undefined;
  /** The tab of the agent's page. */
  readonly tab: AgentTab | undefined;
  readonly page: LivePage;
  /** For the inbox: the request that its address names. */
  readonly request?: string | undefined;
  /** For the page of results: the first part of their command ids. */
  readonly key: string | undefined;
  /** For the page of results: the agents for which the command could not be stored. */
  readonly failed: readonly string[];
  /** The present layout of the fleet page, and what it shows. */
  readonly layout: Layout;
  readonly query: FleetQuery;
  /** What the fleet page has, if it is known. */
  readonly made: MadePage | undefined;
  readonly clis: readonly CliAbilities[];
  readonly doctor: Doctor | undefined;
  /** The time zone of the browser. */
  readonly zone: string;
  readonly spawnCommand: string;
  readonly listening: readonly string[];
  /** Whoever looks at the page. */
  readonly viewer?: Caller;
  readonly now: () => Date;
}

/** `other` stands for pages on which only the frame changes. */
export const livePages = [
  "fleet",
  "agent",
  "terminal",
  "typing",
  "inbox",
  "results",
  "system",
  "timeline",
  "messages",
  "costs",
  "rules",
  "other",
] as const;
export type LivePage = (typeof livePages)[number];

/** The shortest time between two updates of a page. With it, a change is visible within 250 ms. */
export const pageGapMs = 200;

/** An event and not a comment, because scripts do not see comments, and must notice that the stream lives. */
export const pageKeepAlive = "event: ping\ndata: {}\n\n";

/**
 * Sends `hello` first, then `patch`: the markup of each changed part. Its root element has the id of the element that it replaces. A patch of
 * the fleet page also names the agents that are `gone` from it, and the `ages` of those of which nothing else has changed. `news` is for
 * people who cannot see the page: what has become of agents, by their ids.
 */
export function createPageEvents(server: Server, options: PageEventsOptions): StreamSource {
  const { fleet } = server;
  const { agent, page, tab = "now", clis, now } = options;
  const cursor = createFleetCursor(server, options.lastEventId);
  const changed = createChangedParts(options.viewer);
  const fleetPatch = createFleetPatch({ ...options, activityOf: fleet.activity });
  const newsOf = createNews(fleet.list());
  let greeted = false;
  let requestsChanged = true;

  const ownParts = (step: FleetStep, views: readonly AgentView[]): Part[] => {
    const view = views.find(({ agent_id }) => agent_id === agent);
    if (view === undefined || (step.kind === "changed" && !step.ids.includes(view.agent_id))) return [];
    if (page === "typing") return typingParts({ view, now: now() });
    const facts = { timeline: fleet.timeline(view.agent_id), requests: server.requests.all(), views };
    return agentParts(tab, { view, ...facts, clis, now: now() });
  };
  /** At each step, because other agents spend of the same budgets. */
  const budgetParts = (): Part[] => {
    const view =
      tab === "cost" && page === "agent" ? fleet.list().find((each) => each.agent_id === agent) : undefined;
    if (view === undefined) return [];
    return [{ id: budgetsId, part: <BudgetLines budgets={server.budgets.of(view.agent_id)} /> }];
  };
  const pageParts = (step: FleetStep, views: readonly AgentView[]): Part[] => {
    if (page === "fleet") return [serversPart(views, now())];
    if (page === "agent" || page === "typing") return [...ownParts(step, views), ...budgetParts()];
    if (page !== "results") return [];
    const results = findBulkTargets(views, options.key ?? "", options.failed);
    return [{ id: "bulk-results", part: <BulkResults results={results} /> }];
  };
  const partsOf = (step: FleetStep): Part[] => {
    const views = fleet.list();
    const counts = countSections(views);
    return [
      { id: "counts", part: <Counts counts={counts} /> },
      { id: "inbox-link", part: <InboxLink count={counts["needs-you"]} /> },
      { id: "open-needs", part: <OpenNeeds views={views} /> },
      { id: "usage-total", part: <UsageTotal today={spentToday(server.spending, now(), options.zone)} /> },
      ...pageParts(step, views),
    ];
  };

  const requestParts = (): Part[] => {
    const view = page === "agent" ? fleet.list().find(({ agent_id }) => agent_id === agent) : undefined;
    if (view !== undefined) {
      const own = { view, requests: server.requests.all(), now: now() };
      return [{ id: "agent-requests", part: <AgentRequests {...own} /> }];
    }
    if (page !== "inbox") return [];
    const inbox = {
      requests: server.requests.all(),
      views: fleet.list(),
      now: now(),
      asked: options.request,
    };
    return [{ id: "inbox", part: <InboxContent {...inbox} /> }];
  };

  return {
    next() {
      const events: StreamEvent[] = [];
      if (!greeted)
        events.push({ event: "hello", data: { assets: assetsVersion, now: now().toISOString() } });
      greeted = true;
      const step = cursor.advance();
      const parts = step === undefined ? [] : partsOf(step);
      // The inbox also shows states of agents and deliveries of answers, so it is sent again when an agent changes.
      if (requestsChanged || (page === "inbox" && step !== undefined)) parts.push(...requestParts());
      requestsChanged = false;
      parts.push(...screenParts(server, options), ...systemParts(server, options));
      const { html, ...more } = page === "fleet" ? fleetPatch(step, fleet.list(), now()) : nothing;
      const all = [...changed.take(parts), ...html];
      const news = newsOf(step, fleet.list());
      const isAny = [more.ages, news].some((each) => Object.keys(each).length > 0);
      if (isAny || all.length + more.gone.length > 0) {
        const data = { now: now().toISOString(), html: all, ...more, news };
        events.push({ event: "patch", id: cursor.id(), data });
      }
      return events;
    },
    watch(wake) {
      const onRequests = () => {
        requestsChanged = true;
        wake(true);
      };
      return watchPage(server, options, wake, onRequests);
    },
  };
}

type ScreenPage = Pick<PageEventsOptions, "page" | "agent">;

const screenView = ({ fleet }: Server, { page, agent }: ScreenPage) =>
  page === "terminal" ? fleet.list().find(({ agent_id }) => agent_id === agent) : undefined;

/** Made at each look, because a screen changes without a change of the fleet. */
function screenParts(server: Server, options: ScreenPage): Part[] {
  const view = screenView(server, options);
  return view === undefined ? [] : terminalParts({ view, screen: server.screens.shown(view.agent_id) });
}

function watchPage(
  server: Server,
  options: ScreenPage,
  wake: (isUrgent?: boolean) => void,
  onRequests: () => void,
) {
  const view = screenView(server, options);
  const stops = [
    server.fleet.onChange(({ isUrgent }) => wake(isUrgent)),
    server.requests.onChange(onRequests),
  ];
  if (view !== undefined) stops.push(server.screens.watch(view.agent_id, () => wake()));
  return () => {
    for (const stop of stops) stop();
  };
}

const nothing: FleetChanges = { html: [], gone: [], ages: {} };

/** The model servers. `key` is compared instead of the markup, because the ages make the markup differ each time. */
function serversPart(views: readonly AgentView[], now: Date): Part {
  const part = <ModelServers views={views} now={now} />;
  return { id: "model-servers", part, key: JSON.stringify(modelServersOf(views)) };
}

/** The banner about NATS, the link to the system page, and the parts of that page that change while it is open. `key`: see {@link serversPart}. */
function systemParts(server: Server, { page, doctor, now: clock }: PageEventsOptions): Part[] {
  const isCurrent = page === "system";
  const link = <SystemLink troubles={troubleCount(server, doctor)} isCurrent={isCurrent} />;
  const frame = [
    { id: "nats", part: <NatsBanner health={server.health()} /> },
    { id: "system-link", part: link },
  ];
  if (!isCurrent) return frame;
  const [alerts, lag, now] = [shownAlerts(server), lagOf(server.fleet.list()), clock()];
  return [
    ...frame,
    { id: "system-alerts", part: <AlertsPanel alerts={alerts} now={now} />, key: JSON.stringify(alerts) },
    { id: "system-lag", part: <LagPanel lag={lag} now={now} />, key: JSON.stringify(lag) },
  ];
}
