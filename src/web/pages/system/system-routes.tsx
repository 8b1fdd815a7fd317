/** @jsxImportSource hono/jsx */
// The address of the system page, and its button that runs the checks.
import type { Hono } from "hono";
import { atMost } from "../../../waiting.ts";
import { wantsJson } from "../../api/http-errors.ts";
import { makeSystemReport, requireDoctor } from "../../api/reports/system-report.ts";
import { type PagesOptions, reportStreamOf, showPage } from "../show-page.tsx";
import { SystemPage } from "./system-page.tsx";

/** The page waits at most this long for the first run of the checks; it then says that they still run. */
const checksWithinMs = 2_500;
/** Older results are made anew when somebody opens the page. */
const checksHoldMs = 5 * 60_000;

export function registerSystemRoutes(pages: Hono, options: PagesOptions): void {
  const { server, doctor, listNodes, now, log } = options;

  pages.get("/system", async (c) => {
    const last = doctor?.last();
    if (
      doctor !== undefined &&
      !(last !== undefined && now().getTime() - Date.parse(last.at) < checksHoldMs)
    ) {
      const run = doctor.run({ asksModels: false }).catch((error: unknown) => {
        log.warn(`the checks of the system page failed: ${error}`);
      });
      // Old results are shown at once; the next look has the new ones.
      if (last === undefined) await atMost(checksWithinMs, run);
    }
    const at = now();
    const report = await makeSystemReport(server, { doctor, listNodes }, at);
    return showPage(c, options, {
      title: "System",
      stream: reportStreamOf(server, "system", c)(),
      body: <SystemPage report={report} canCheck={doctor !== undefined} now={at} />,
    });
  });

  pages.post("/system/checks", async (c) => {
    const run = await requireDoctor(doctor).run({ asksModels: true });
    return wantsJson(c) ? c.json(run) : c.redirect("/system#checks", 303);
  });
}
