/** @jsxImportSource hono/jsx */
// The address of the costs page.
import type { Hono } from "hono";
import { isAgentId } from "../../../domain/wire/agent-id.ts";
import { askedOf, makeCostsReport } from "../../api/reports/costs-report.ts";
import { type PagesOptions, reportStreamOf, showPage } from "../show-page.tsx";
import { CostsPage } from "./costs-page.tsx";

export function registerCostsRoutes(pages: Hono, options: PagesOptions): void {
  const { server, now } = options;
  pages.get("/costs", (c) =>
    showPage(c, options, {
      title: "Costs",
      stream: reportStreamOf(server, "costs", c)(),
      body: (
        <CostsPage
          report={makeCostsReport(askedOf(c), server.spending, now())}
          budgets={server.budgets.list()}
          hasPage={(agent) => isAgentId(agent) && server.fleet.get(agent) !== undefined}
          isZoneChosen={c.req.query("zone") !== undefined}
        />
      ),
    }),
  );
}
