/** @jsxImportSource hono/jsx */
// The address of the tab with an agent's changes, and of the form of a comment.
import type { Context, Hono } from "hono";
import type { ChangesReport } from "../../../domain/changes/changes-report.ts";
import type { QuotedState } from "../../../domain/changes/comment.ts";
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { checkMessage } from "../../../domain/wire/decode.ts";
import { signedBy } from "../../access/caller.ts";
import { requireReady } from "../../api/orders.ts";
import { readForm } from "../../api/read-form.ts";
import { type ChangesDesk, requireChanges } from "../../api/reports/changes-report.ts";
import { AgentFrame } from "../agent/agent-page.tsx";
import { type PagesOptions, showPage, streamOf } from "../show-page.tsx";
import { type ChangesQuery, changesPath, chosenOf, readChangesQuery } from "./changes-query.ts";
import { createPace } from "./lines/pace.ts";
import { type Problem, problemOf } from "./problem.ts";
import { CommentSchema, sendComment, sinceOf, stateOf } from "./send-comment.ts";

export function registerChangesRoutes(pages: Hono, options: PagesOptions): void {
  const { server, changes, now } = options;

  const show = async (c: Context, view: AgentView, query: ChangesQuery, more: More = {}) => {
    const { report, state, problem } = await readOrExplain(changes, view, query);
    // Loaded when they are first needed: the colours know many languages.
    const [{ ChangesTab }, { prepareFiles }] = await Promise.all([
      import("./changes-tab.tsx"),
      import("./prepare-files.ts"),
    ]);
    const talk = { view, query, state, words: more.words ?? "", now: now() };
    const files = report === undefined ? [] : await prepareFiles(report, talk, createPace());
    const shown = { report, files, problem, ...more };
    return showPage(c, options, {
      title: `Changes of ${view.agent_id}`,
      stream: streamOf(server, "agent", `&agent=${view.agent_id}&tab=changes`),
      body: (
        <AgentFrame view={view} requests={server.requests.all()} now={now()} tab="changes">
          <ChangesTab view={view} query={query} now={now()} {...shown} />
        </AgentFrame>
      ),
    });
  };

  pages.get("/agents/:id/changes", async (c) => {
    const view = server.fleet.require(c.req.param("id"));
    return await show(c, view, readChangesQuery(c.req.query()));
  });

  pages.post("/agents/:id/changes/comment", async (c) => {
    const view = server.fleet.require(c.req.param("id"));
    const form = checkMessage(CommentSchema, await readForm(c));
    const query = readChangesQuery(form);
    try {
      requireReady(server);
      const command_id = await sendComment(view, form, {
        changes: requireChanges(changes),
        sendCommand: server.sendCommand,
        from: signedBy(c, "page"),
      });
      return c.redirect(`${changesPath(view.agent_id, query)}#comment-${command_id}`, 303);
    } catch (error) {
      const problem = problemOf(error);
      // What was typed stays, on the lines as they are now.
      const letter = form.side === "now" ? "n" : "o";
      const [first, line] = [`${letter}${form.first_line}`, `${letter}${form.last_line}`];
      c.status(409);
      const more = { words: form.words, problem };
      return await show(c, view, { ...query, at: form.path, first, line }, more);
    }
  });
}

interface More {
  readonly words?: string;
  readonly problem?: Problem;
}

/** What cannot be read is told on the page, where another base can be chosen. */
async function readOrExplain(
  changes: ChangesDesk | undefined,
  view: AgentView,
  query: ChangesQuery,
): Promise<{
  readonly report: ChangesReport | undefined;
  /** Of the lines that are chosen for a comment. */
  readonly state?: QuotedState | undefined;
  readonly problem?: Problem;
}> {
  const ask = { ...sinceOf(query), file: query.file || undefined, lines: "short" as const };
  try {
    const desk = requireChanges(changes);
    const report = await desk.read(view, ask);
    const chosen = chosenOf(query);
    if (chosen === undefined) return { report };
    return { report, state: await stateOf(view, report, { path: chosen.path, range: chosen }, desk) };
  } catch (error) {
    return { report: undefined, problem: problemOf(error) };
  }
}
