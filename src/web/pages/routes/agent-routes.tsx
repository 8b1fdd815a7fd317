/** @jsxImportSource hono/jsx */
// This room holds the addresses of the pages: what each shows, and the forms they send.
//
// The fleet page, an agent's page, and the command that its form sends.
import type { Context, Hono } from "hono";
import { signedBy } from "../../access/caller.ts";
import { eventId } from "../../api/fleet-cursor.ts";
import { wantsJson } from "../../api/http-errors.ts";
import { orderFromForm, requireReady } from "../../api/orders.ts";
import { readForm } from "../../api/read-form.ts";
import { AgentPage } from "../agent/agent-page.tsx";
import { agentTabOf } from "../agent/agent-tabs.tsx";
import { transcriptPage } from "../agent/transcript-tab.tsx";
import { arrange } from "../fleet/arrange.ts";
import { FleetPage } from "../fleet/fleet-page.tsx";
import { parseFleetQuery, queryParams } from "../fleet/fleet-query.ts";
import { layoutOf } from "../fleet/layouts.ts";
import { madePage } from "../made-pages.ts";
import { type PagesOptions, showPage, streamOf } from "../show-page.tsx";

export function registerAgentRoutes(pages: Hono, options: PagesOptions): void {
  const { server, made, natsUrl, spawnCommand, clis, now } = options;
  const { fleet } = server;
  const listening = (c: Context) => [new URL(c.req.url).origin, natsUrl];

  pages.get("/", (c) => {
    const views = fleet.list();
    const query = parseFleetQuery((name) => c.req.query(name));
    const params = queryParams(query);
    const layout = layoutOf(views.length);
    params.set("layout", layout);
    if (layout === "table") params.set("made", made.note(madePage(eventId(server), arrange(views, query))));
    const props = { views, query, activityOf: fleet.activity, now: now(), spawnCommand };
    return showPage(c, options, {
      title: "Fleet",
      stream: streamOf(server, "fleet", `&${params}`),
      body: <FleetPage {...props} listening={listening(c)} />,
    });
  });

  pages.get("/agents/:id/transcript", async (c) => {
    const view = fleet.require(c.req.param("id"));
    return showPage(c, options, await transcriptPage(options, view, c.req.query()));
  });
  pages.get("/agents/:id/:tab?", async (c, next) => {
    const named = c.req.param("tab");
    const tab = agentTabOf(named ?? "now");
    // The page may be in another file of this folder.
    if (tab === undefined || tab === "terminal" || tab === "changes" || named === "now") return await next();
    const view = fleet.require(c.req.param("id"));
    const facts = { timeline: fleet.timeline(view.agent_id), requests: server.requests.all() };
    const budgets = server.budgets.of(view.agent_id);
    const more = { views: fleet.list(), clis, now: now(), health: server.health(), budgets };
    return showPage(c, options, {
      title: view.agent_id,
      stream: streamOf(server, "agent", `&agent=${view.agent_id}&tab=${tab}`),
      body: <AgentPage view={view} tab={tab} {...facts} {...more} />,
    });
  });

  pages.post("/agents/:id/commands", async (c) => {
    const { agent_id } = fleet.require(c.req.param("id"));
    const order = orderFromForm(agent_id, await readForm(c), signedBy(c, "page"));
    requireReady(server);
    const { command_id, duplicate } = await server.sendCommand(order);
    if (wantsJson(c)) return c.json({ command_id, state: "stored", duplicate }, 202);
    return c.redirect(`/agents/${agent_id}/commands#command-${command_id}`, 303);
  });
}
