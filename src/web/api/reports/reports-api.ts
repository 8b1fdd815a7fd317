// The addresses of the reports below /api.
import type { Hono } from "hono";
import type { Server } from "../../../server/server.ts";
import { type Doctor, makeSystemReport, requireDoctor } from "./system-report.ts";

export interface ReportsOptions {
  readonly server: Server;
  readonly doctor?: Doctor | undefined;
  readonly now: () => Date;
}

export function registerReports(api: Hono, { server, doctor, now }: ReportsOptions): void {
  api.get("/api/system", async (c) => c.json(await makeSystemReport(server, doctor, now())));
  api.post("/api/system/checks", async (c) => c.json(await requireDoctor(doctor).run({ asksModels: true })));
}
