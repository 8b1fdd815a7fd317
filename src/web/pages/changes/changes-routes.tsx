/** @jsxImportSource hono/jsx */
// The address of the tab with an agent's changes.
import type { Hono } from "hono";
import type { ChangesReport } from "../../../domain/changes/changes-report.ts";
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { CliaiError } from "../../../domain/text/errors.ts";
import { redact } from "../../../domain/text/redact.ts";
import { type ChangesDesk, requireChanges } from "../../api/reports/changes-report.ts";
import { AgentFrame } from "../agent/agent-page.tsx";
import { type PagesOptions, showPage, streamOf } from "../show-page.tsx";
import { type ChangesQuery, readChangesQuery } from "./changes-query.ts";

export function registerChangesRoutes(pages: Hono, options: PagesOptions): void {
  const { server, changes, now } = options;
  pages.get("/agents/:id/changes", async (c) => {
    const view = server.fleet.require(c.req.param("id"));
    const query = readChangesQuery(c.req.query());
    const found = await readOrExplain(changes, view, query);
    // Loaded when it is first needed: its colours know many languages.
    const { ChangesTab } = await import("./changes-tab.tsx");
    return showPage(c, options, {
      title: `Changes of ${view.agent_id}`,
      stream: streamOf(server, "agent", `&agent=${view.agent_id}&tab=changes`),
      body: (
        <AgentFrame view={view} requests={server.requests.all()} now={now()} tab="changes">
          <ChangesTab view={view} query={query} {...found} />
        </AgentFrame>
      ),
    });
  });
}

interface Found {
  readonly report: ChangesReport | undefined;
  readonly problem?: { readonly message: string; readonly hint?: string | undefined };
}

/** What cannot be read is told on the page, where another base can be chosen. */
async function readOrExplain(
  changes: ChangesDesk | undefined,
  view: AgentView,
  { base, file }: ChangesQuery,
): Promise<Found> {
  const ask = { base: base || undefined, file: file || undefined, lines: "short" as const };
  try {
    return { report: await requireChanges(changes).read(view, ask) };
  } catch (error) {
    if (!(error instanceof CliaiError)) throw error;
    const { message, hint } = error;
    return { report: undefined, problem: { message: redact(message), hint: hint && redact(hint) } };
  }
}
