/** @jsxImportSource hono/jsx */
// The address of the tab with an agent's changes, and of the form of a comment.
import type { Context, Hono } from "hono";
import * as v from "valibot";
import type { ChangesAsk, ChangesReport } from "../../../domain/changes/changes-report.ts";
import { commentText, type LineRange, linesIn, rangeText, sides } from "../../../domain/changes/comment.ts";
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { CliaiError } from "../../../domain/text/errors.ts";
import { checkMessage } from "../../../domain/wire/decode.ts";
import { signedBy } from "../../access/caller.ts";
import { requireReady } from "../../api/orders.ts";
import { readForm } from "../../api/read-form.ts";
import { type ChangesDesk, requireChanges } from "../../api/reports/changes-report.ts";
import { AgentFrame } from "../agent/agent-page.tsx";
import { type PagesOptions, showPage, streamOf } from "../show-page.tsx";
import { type ChangesQuery, changesPath, readChangesQuery } from "./changes-query.ts";
import { commentOrderId } from "./comment-orders.ts";
import { type Problem, problemOf } from "./problem.ts";

export function registerChangesRoutes(pages: Hono, options: PagesOptions): void {
  const { server, changes, now } = options;

  const show = async (c: Context, view: AgentView, query: ChangesQuery, more: More = {}) => {
    const found = await readOrExplain(changes, view, query);
    // Loaded when it is first needed: its colours know many languages.
    const { ChangesTab } = await import("./changes-tab.tsx");
    return showPage(c, options, {
      title: `Changes of ${view.agent_id}`,
      stream: streamOf(server, "agent", `&agent=${view.agent_id}&tab=changes`),
      body: (
        <AgentFrame view={view} requests={server.requests.all()} now={now()} tab="changes">
          <ChangesTab view={view} query={query} now={now()} {...found} {...more} />
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
      const command_id = await sendComment(view, form, signedBy(c, "page"));
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

  async function sendComment(view: AgentView, form: CommentForm, from: string): Promise<string> {
    const { base, turn, path, words, seen, key } = form;
    requireReady(server);
    const report = await requireChanges(changes).read(view, {
      ...sinceOf({ base, turn }),
      file: path,
      lines: "all",
    });
    const [file] = report.files;
    const range = rangeOf(form);
    if (file?.seen !== seen) {
      throw new CliaiError("refused", `${path} has changed since you looked at it`, {
        hint: "look at its lines again, and send the comment then; what you wrote is still there",
      });
    }
    const lines = linesIn(file.hunks ?? [], range);
    if (lines === undefined) {
      throw new CliaiError("usage", `${rangeText(range)} of ${path} is not among the lines that are shown`, {
        hint: "choose lines that are shown here",
      });
    }
    const { agent_id: id } = view;
    const order = { id, from, type: "task" as const, text: commentText(path, range, lines, words) };
    const { command_id } = await server.sendCommand({
      ...order,
      command_id: commentOrderId(path, seen, range, key),
    });
    return command_id;
  }
}

const number = v.pipe(
  v.string("a line needs its number"),
  v.regex(/^[1-9]\d{0,8}$/, "a line is a whole number from 1 on"),
);
const CommentSchema = v.object({
  layout: v.optional(v.string(), ""),
  base: v.optional(v.string(), ""),
  turn: v.optional(v.string(), ""),
  file: v.optional(v.string(), ""),
  from: v.optional(v.string(), ""),
  path: v.string("the file is missing"),
  side: v.picklist(sides, "side must be now or before"),
  first_line: number,
  last_line: number,
  seen: v.string("seen is missing"),
  key: v.pipe(v.string("key is missing"), v.uuid("key must be a UUID")),
  words: v.pipe(v.string("words must be text"), v.trim(), v.nonEmpty("the comment is empty")),
});
type CommentForm = v.InferOutput<typeof CommentSchema>;

function rangeOf({ side, first_line, last_line }: CommentForm): LineRange {
  const [one, other] = [Number(first_line), Number(last_line)];
  return { side, from: Math.min(one, other), to: Math.max(one, other) };
}

interface More {
  readonly words?: string;
  readonly problem?: Problem;
}

function sinceOf({ base, turn }: Pick<ChangesQuery, "base" | "turn">): Pick<ChangesAsk, "base" | "turn"> {
  return { base: base || undefined, turn: turn || undefined };
}

/** What cannot be read is told on the page, where another base can be chosen. */
async function readOrExplain(
  changes: ChangesDesk | undefined,
  view: AgentView,
  { file, ...query }: ChangesQuery,
): Promise<{ readonly report: ChangesReport | undefined; readonly problem?: Problem }> {
  const ask = { ...sinceOf(query), file: file || undefined, lines: "short" as const };
  try {
    return { report: await requireChanges(changes).read(view, ask) };
  } catch (error) {
    return { report: undefined, problem: problemOf(error) };
  }
}
