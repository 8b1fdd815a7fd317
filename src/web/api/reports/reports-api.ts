// The addresses of the reports below /api.
import type { Hono } from "hono";
import { findRequest } from "../../../domain/find-request.ts";
import { reportMarkdown } from "../../../domain/report/report-markdown.ts";
import { spendingCsv } from "../../../domain/spending/spending-csv.ts";
import { parseJson } from "../../../domain/wire/decode.ts";
import type { Server } from "../../../server/server.ts";
import { signedBy } from "../../access/caller.ts";
import { auditLines, linesType, wantsLines } from "./audit-lines.ts";
import { type ChangesDesk, changesJson, readChangesAsk, requireChanges } from "./changes-report.ts";
import { type CliFinder, requireCliFinder } from "./clis-report.ts";
import { askedOf, askedZone, makeCostsReport } from "./costs-report.ts";
import { makeMessagesReport, readMessagesQuery, sendOperatorMessage } from "./messages-report.ts";
import { makeRequestsReport } from "./requests-report.ts";
import { type Doctor, type ListNodes, makeSystemReport, requireDoctor } from "./system-report.ts";
import { makeTimeline, readHistoryQuery } from "./timeline-report.ts";
import { markdownType, readReportQuery, wantsMarkdown } from "./work-report.ts";

export interface ReportsOptions {
  readonly server: Server;
  readonly doctor?: Doctor | undefined;
  readonly listNodes?: ListNodes | undefined;
  readonly cliFinder?: CliFinder | undefined;
  readonly changes?: ChangesDesk | undefined;
  readonly now: () => Date;
}

export function registerReports(
  api: Hono,
  { server, doctor, listNodes, cliFinder, changes, now }: ReportsOptions,
): void {
  api.get("/api/messages", async (c) =>
    c.json(await makeMessagesReport(server, readMessagesQuery(askedOf(c)))),
  );
  api.post("/api/messages", async (c) =>
    c.json(await sendOperatorMessage(server, parseJson(await c.req.text()), signedBy(c, "api")), 202),
  );
  api.get("/api/report", async (c) => {
    const report = await server.workReport(readReportQuery(askedOf(c), now()).sinceMs);
    if (!wantsMarkdown(c.req.query("format"), c.req.header("accept"))) return c.json(report);
    return c.body(reportMarkdown(report, new URL(c.req.url).origin), 200, { "content-type": markdownType });
  });
  api.get("/api/timeline", async (c) =>
    c.json(await makeTimeline(server.history, readHistoryQuery(askedOf(c), now()))),
  );
  api.get("/api/agents/:id/timeline", async (c) => {
    const { agent_id } = server.fleet.require(c.req.param("id"));
    const { filter, ...query } = readHistoryQuery(askedOf(c), now());
    return c.json(await makeTimeline(server.history, { ...query, filter: { ...filter, agent: agent_id } }));
  });
  api.get("/api/agents/:id/diff", async (c) => {
    const view = server.fleet.require(c.req.param("id"));
    const report = await requireChanges(changes).read(view, readChangesAsk(c.req.query()));
    return c.body(await changesJson(report), 200, { "Content-Type": "application/json" });
  });
  api.get("/api/audit", async (c) => {
    const { filter, before, limit } = readHistoryQuery(askedOf(c), now());
    c.header("Vary", "Accept");
    if (!wantsLines(c.req.header("accept")))
      return c.json(await server.history.page(filter, { before, limit }));
    const most = c.req.query("limit")?.trim() ? { limit } : {};
    const lines = await auditLines(server.history, { filter, before, ...most });
    return c.body(lines, 200, { "Content-Type": linesType });
  });
  api.get("/api/audit/verify", async (c) => {
    const verdict = await server.verifyAudit();
    if (verdict !== undefined) return c.json(verdict);
    c.header("Retry-After", "20");
    return c.json({ running: true }, 202);
  });
  api.get("/api/requests", (c) => c.json(makeRequestsReport(server.requests, askedOf(c))));
  api.get("/api/requests/:id", (c) => c.json(findRequest(c.req.param("id"), server.requests.all())));
  api.get("/api/usage", (c) => c.json(makeCostsReport(askedOf(c), server.spending, now())));
  api.get("/api/agents/:id/usage", (c) => {
    const { agent_id } = server.fleet.require(c.req.param("id"));
    return c.json(makeCostsReport(askedOf(c), server.spending, now(), agent_id));
  });
  api.get("/api/usage.csv", (c) => {
    const headers = {
      "Content-Type": "text/csv; charset=utf-8",
      "Content-Disposition": 'attachment; filename="cliai-usage.csv"',
    };
    return c.body(spendingCsv(server.spending.sessions(), askedZone(c)), 200, headers);
  });
  api.get("/api/clis", async (c) => c.json(await requireCliFinder(cliFinder).find()));
  api.get("/api/system", async (c) => c.json(await makeSystemReport(server, { doctor, listNodes }, now())));
  api.get("/api/nodes", async (c) => c.json((await listNodes?.()) ?? []));
  api.post("/api/system/checks", async (c) => c.json(await requireDoctor(doctor).run({ asksModels: true })));
}
