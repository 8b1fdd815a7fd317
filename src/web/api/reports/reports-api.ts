// The addresses of the reports below /api.
import type { Hono } from "hono";
import { spendingCsv } from "../../../domain/spending/spending-csv.ts";
import { parseJson } from "../../../domain/wire/decode.ts";
import type { Server } from "../../../server/server.ts";
import { askedOf, askedZone, makeCostsReport } from "./costs-report.ts";
import { makeMessagesReport, readMessagesQuery, sendOperatorMessage } from "./messages-report.ts";
import { type Doctor, makeSystemReport, requireDoctor } from "./system-report.ts";
import { makeTimeline, readHistoryQuery } from "./timeline-report.ts";

export interface ReportsOptions {
  readonly server: Server;
  readonly doctor?: Doctor | undefined;
  readonly now: () => Date;
}

export function registerReports(api: Hono, { server, doctor, now }: ReportsOptions): void {
  api.get("/api/messages", async (c) =>
    c.json(await makeMessagesReport(server, readMessagesQuery(askedOf(c)))),
  );
  api.post("/api/messages", async (c) =>
    c.json(await sendOperatorMessage(server, parseJson(await c.req.text()), "api"), 202),
  );
  api.get("/api/timeline", async (c) =>
    c.json(await makeTimeline(server.history, readHistoryQuery(askedOf(c), now()))),
  );
  api.get("/api/agents/:id/timeline", async (c) => {
    const { agent_id } = server.fleet.require(c.req.param("id"));
    const { filter, ...query } = readHistoryQuery(askedOf(c), now());
    return c.json(await makeTimeline(server.history, { ...query, filter: { ...filter, agent: agent_id } }));
  });
  api.get("/api/audit", async (c) => {
    const { filter, ...query } = readHistoryQuery(askedOf(c), now());
    return c.json(await server.history.page(filter, query));
  });
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
  api.get("/api/system", async (c) => c.json(await makeSystemReport(server, doctor, now())));
  api.post("/api/system/checks", async (c) => c.json(await requireDoctor(doctor).run({ asksModels: true })));
}
