/** @jsxImportSource hono/jsx */
// What is said about the lines of one file: which lines are chosen, the form for a comment, and the comments that were sent.
import type { Child } from "hono/jsx";
import type { FileChanges } from "../../../domain/changes/changes-report.ts";
import { type LineRange, numberOn, type QuotedState, rangeText } from "../../../domain/changes/comment.ts";
import type { DiffLine, Hunk } from "../../../domain/changes/patch.ts";
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { harmless } from "../../../domain/text/harmless.ts";
import { tabPath } from "../agent/agent-tabs.tsx";
import { type ChangesQuery, type ChosenLines, chosenOf, fieldsOf } from "./changes-query.ts";
import { type CommentOrder, commentsOf, pathHash, seenHash } from "./comment-orders.ts";
import { CommentForm, CommentItem } from "./comments.tsx";
import type { LineTalk } from "./lines/diff-table.tsx";

export interface FileTalk extends LineTalk {
  /** The form with which a line is chosen. */
  readonly pick: Child;
  /** The form for a comment, if the lines for it are not among those that are shown; undefined if it stands below them, or there is none. */
  readonly unplaced: Child | undefined;
  /** The comments on lines that are not shown, or that have changed since. */
  readonly others: Child;
}

export interface TalkOptions {
  readonly view: AgentView;
  readonly query: ChangesQuery;
  /** Which state of the file the chosen lines are of, if it is not the present one. */
  readonly state: QuotedState | undefined;
  /** What was typed, if it could not be sent. */
  readonly words: string;
  readonly now: Date;
}

/** @param options.shown the lines of the file that are shown */
export function createFileTalk(
  file: FileChanges,
  index: number,
  options: TalkOptions & { readonly shown: readonly Hunk[] },
): FileTalk {
  const { view, query, state, words, now, shown } = options;
  const { path, seen, hunks = [] } = file;
  const formId = `pick-${index + 1}`;
  const chosen = query.at === path ? chosenOf(query) : undefined;
  const own = commentsOf(view).filter((order) => order.file === pathHash(path));
  const lines = hunks.flatMap((hunk) => hunk.lines);
  const isBeside = (order: CommentOrder) =>
    order.seen === seenHash(seen) && lines.some((line) => endsAt(line, order));
  const isShown = chosen && shown.some((hunk) => hunk.lines.some((line) => endsAt(line, chosen)));
  const form = chosen && <CommentForm {...{ view, query, chosen, seen, state, words, isShown }} />;
  const [placed, others] = [own.filter(isBeside), own.filter((order) => !isBeside(order))];
  return {
    formId,
    isChosen: (line) => chosen !== undefined && isIn(line, chosen),
    below: (line) => [
      ...placed.flatMap((order) => (endsAt(line, order) ? [<CommentItem order={order} now={now} />] : [])),
      ...(chosen !== undefined && endsAt(line, chosen) ? [form] : []),
    ],
    unplaced: chosen && !isShown ? <Unplaced chosen={chosen} form={form} /> : undefined,
    pick: <PickForm {...{ view, query, path, formId }} />,
    others: others.length > 0 && (
      <div class="earlier-comments">
        <p class="quiet">On lines that have changed since, or that are not shown here:</p>
        {others.map((order) => (
          <CommentItem order={order} now={now} />
        ))}
      </div>
    ),
  };
}

/** Where a comment stands whose lines are not shown: what was typed must not be lost because the agent works on. */
export function Unplaced({ chosen, form }: { chosen: ChosenLines; form: Child }) {
  return (
    <div class="unplaced">
      <p class="attention">
        Not shown here now: {rangeText(chosen)} of <code>{harmless(chosen.path)}</code>
      </p>
      {form}
    </div>
  );
}

function endsAt(line: DiffLine, { side, to }: LineRange): boolean {
  return numberOn(line, side) === to;
}

function isIn(line: DiffLine, { side, from, to }: LineRange): boolean {
  const number = numberOn(line, side);
  return number !== undefined && from <= number && number <= to;
}

interface PickProps extends Pick<TalkOptions, "view" | "query"> {
  readonly path: string;
  readonly formId: string;
}

function PickForm({ view: { agent_id: id }, query, path, formId }: PickProps) {
  const isHere = query.at === path;
  const first = isHere ? query.first || query.line : "";
  const fields = fieldsOf({ ...query, at: path, line: "", first });
  return (
    <form id={formId} class="pick" method="get" action={`${tabPath(id, "changes")}#comment`}>
      {fields.map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      <label>
        Line <input type="number" name="number" min="1" />
      </label>
      <button type="submit">Comment on it</button>
    </form>
  );
}
