/** @jsxImportSource hono/jsx */
// The pages that send one command to many agents, and their form.
import type { Hono } from "hono";
import { bulkOrderFromForm, findBulkTargets, sendBulk } from "../../api/bulk-orders.ts";
import { requireReady } from "../../api/orders.ts";
import { readForm } from "../../api/read-form.ts";
import { BulkPage, BulkResultsPage, type BulkType } from "../bulk-page.tsx";
import { type PagesOptions, showPage, streamOf } from "../show-page.tsx";

export function registerBulkRoutes(pages: Hono, options: PagesOptions): void {
  const { server } = options;
  const { fleet } = server;

  pages.get("/bulk/:type{pause|resume|stop}", (c) => {
    const type = c.req.param("type") as BulkType;
    return showPage(c, options, {
      title: `${type} all`,
      stream: streamOf(server, "other"),
      body: <BulkPage type={type} views={fleet.list()} now={options.now()} health={server.health()} />,
    });
  });
  pages.post("/bulk", async (c) => {
    const order = bulkOrderFromForm(await readForm(c));
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
