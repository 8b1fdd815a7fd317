// Sends a comment on lines as a task: only on lines as its writer has seen them, with which state of the file they are of.
import * as v from "valibot";
import type { ChangesAsk, ChangesReport } from "../../../domain/changes/changes-report.ts";
import {
  commentText,
  type LineRange,
  linesIn,
  type QuotedState,
  rangeText,
  sides,
} from "../../../domain/changes/comment.ts";
import { sinceQuoted } from "../../../domain/changes/since-quoted.ts";
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { CliaiError } from "../../../domain/text/errors.ts";
import type { Server } from "../../../server/server.ts";
import type { ChangesDesk } from "../../api/reports/changes-report.ts";
import type { ChangesQuery } from "./changes-query.ts";
import { commentOrderId } from "./comment-orders.ts";

const number = v.pipe(
  v.string("a line needs its number"),
  v.regex(/^[1-9]\d{0,8}$/, "a line is a whole number from 1 on"),
);
export const CommentSchema = v.object({
  layout: v.optional(v.string(), ""),
  base: v.optional(v.string(), ""),
  turn: v.optional(v.string(), ""),
  file: v.optional(v.string(), ""),
  from: v.optional(v.string(), ""),
  path: v.string("the file is missing"),
  side: v.picklist(sides, "side must be now or before"),
  first_line: number,
  last_line: number,
  /** What the writer has seen of the file; "" if the page could not show it any more. */
  seen: v.string("seen is missing"),
  /** The lines cannot be quoted, and the writer knows it. */
  without_lines: v.optional(v.picklist(["", "yes"], "without_lines must be yes"), ""),
  key: v.pipe(v.string("key is missing"), v.uuid("key must be a UUID")),
  words: v.pipe(v.string("words must be text"), v.trim(), v.nonEmpty("the comment is empty")),
});
export type CommentFields = v.InferOutput<typeof CommentSchema>;

export interface SendOptions {
  readonly changes: ChangesDesk;
  readonly sendCommand: Server["sendCommand"];
  /** Whoever writes it. */
  readonly from: string;
}

/**
 * @returns the id of the task
 * @throws CliaiError `refused` if the file is another one than its writer has seen; `usage` for lines that are not shown; as the desk's `read`
 */
export async function sendComment(
  view: AgentView,
  form: CommentFields,
  { changes, sendCommand, from }: SendOptions,
): Promise<string> {
  const { path, seen, words, key, without_lines } = form;
  const range = rangeOf(form);
  const text =
    without_lines === "yes"
      ? commentText({ path, range }, undefined, words)
      : await quotingText(view, form, changes);
  const order = { id: view.agent_id, from, type: "task" as const, text };
  const { command_id } = await sendCommand({ ...order, command_id: commentOrderId(path, seen, range, key) });
  return command_id;
}

async function quotingText(view: AgentView, form: CommentFields, changes: ChangesDesk): Promise<string> {
  const { path, seen, words } = form;
  const range = rangeOf(form);
  const report = await changes.read(view, { ...sinceOf(form), file: path, lines: "all" });
  const [file] = report.files;
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
  const state = await stateOf(view, report, { path, range }, changes);
  return commentText({ path, range, state }, lines, words);
}

function rangeOf({ side, first_line, last_line }: CommentFields): LineRange {
  const [one, other] = [Number(first_line), Number(last_line)];
  return { side, from: Math.min(one, other), to: Math.max(one, other) };
}

export function sinceOf({
  base,
  turn,
}: Pick<ChangesQuery, "base" | "turn">): Pick<ChangesAsk, "base" | "turn"> {
  return { base: base || undefined, turn: turn || undefined };
}

/** Which state of the file the lines are of; undefined if it is the present one, or that before all of the shown changes. */
export async function stateOf(
  view: AgentView,
  { base }: ChangesReport,
  { path, range }: { readonly path: string; readonly range: LineRange },
  changes: ChangesDesk,
): Promise<QuotedState | undefined> {
  const at = range.side === "now" ? base.until : base.name;
  if (base.why !== "turn" || at === undefined) return undefined;
  const later = await changes.read(view, { turn: at, until_now: true, file: path, lines: "all" });
  return { turn: base.name, since: sinceQuoted(later.files[0], range) };
}
