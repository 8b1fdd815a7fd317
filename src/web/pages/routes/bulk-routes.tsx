/** @jsxImportSource hono/jsx */
// The pages that send one command to many agents, and their form.
import type { Context, Hono } from "hono";
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { filterText, matchesFilter } from "../../../domain/fleet/shown/agent-filter.ts";
import { signedBy } from "../../access/caller.ts";
import { bulkOrderFromForm, findBulkTargets, recentBulks, sendBulk } from "../../api/bulk-orders.ts";
import { requireReady } from "../../api/orders.ts";
import { readForm } from "../../api/read-form.ts";
import { BulkPage, BulkResultsPage, type BulkType } from "../bulk-page.tsx";
import { filterOf, parseFleetQuery } from "../fleet/fleet-query.ts";
import { type PagesOptions, showPage, streamOf } from "../show-page.tsx";

/** At most so many earlier orders are listed. */
const earlierShown = 5;

export function registerBulkRoutes(pages: Hono, options: PagesOptions): void {
  const { server } = options;
  const { fleet } = server;

  pages.get("/bulk/:type{pause|resume|stop}", (c) => {
    const type = c.req.param("type") as BulkType;
    const { views, chosenBy } = chosenOf(c, fleet.list());
    const earlier = recentBulks(fleet.list(), earlierShown);
    const facts = { views, chosenBy, earlier, now: options.now(), health: server.health() };
    return showPage(c, options, {
      title: chosenBy === undefined ? `${type} all` : `${type} some`,
      stream: streamOf(server, "other"),
      body: <BulkPage type={type} {...facts} />,
    });
  });
  pages.post("/bulk", async (c) => {
    const order = bulkOrderFromForm(await readForm(c), signedBy(c, "page"));
    requireReady(server);
    const results = await sendBulk(server, order);
    const failed = results.flatMap((result) => ("error" in result ? [result.agent_id] : []));
    return c.redirect(`/bulk/results/${order.key}${failed.length === 0 ? "" : `?failed=${failed}`}`, 303);
  });
  pages.get("/bulk/results/:key", (c) => {
    const key = c.req.param("key");
    const failed = c.req.query("failed") ?? "";
    const results = findBulkTargets(fleet.list(), key, failed.split(","));
    const query = new URLSearchParams({ key, failed });
    return showPage(c, options, {
      title: "Results",
      stream: streamOf(server, "results", `&${query}`),
      body: <BulkResultsPage results={results} />,
    });
  });
}

/** The agents that the address names (`?agents=ada,bob`, or one parameter each), or that match its filter; without either, all. */
function chosenOf(
  c: Context,
  views: readonly AgentView[],
): { readonly views: readonly AgentView[]; readonly chosenBy: string | undefined } {
  const named = c.req.queries("agents")?.flatMap((each) => each.split(",")) ?? [];
  const query = parseFleetQuery((name) => c.req.query(name));
  const filter = filterOf(query);
  const chosen = views.filter(
    (view) => (named.length === 0 || named.includes(view.agent_id)) && matchesFilter(view, filter),
  );
  if (named.length > 0) return { views: chosen, chosenBy: "hand" };
  return { views: chosen, chosenBy: filter.length === 0 ? undefined : `the filter ${filterText(filter)}` };
}
