/** @jsxImportSource hono/jsx */
// The address of the report of what the agents did.
import type { Hono } from "hono";
import { askedOf } from "../../api/reports/costs-report.ts";
import { readReportQuery } from "../../api/reports/work-report.ts";
import { type PagesOptions, showPage, streamOf } from "../show-page.tsx";
import { ReportPage } from "./report-page.tsx";

export function registerReportRoutes(pages: Hono, options: PagesOptions): void {
  const { server, now } = options;
  pages.get("/report", async (c) => {
    const { asked, sinceMs } = readReportQuery(askedOf(c), now());
    return showPage(c, options, {
      title: "Report",
      stream: streamOf(server, "other"),
      body: <ReportPage report={await server.workReport(sinceMs)} asked={asked} />,
    });
  });
}
