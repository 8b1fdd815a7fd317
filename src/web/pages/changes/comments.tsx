/** @jsxImportSource hono/jsx */
// Comments on lines: the form for one, and each that was sent, with how far it has come.
import { type QuotedState, rangeText, wordsOf } from "../../../domain/changes/comment.ts";
import { sinceQuotedText } from "../../../domain/changes/since-quoted.ts";
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { harmless } from "../../../domain/text/harmless.ts";
import { Receipts } from "../parts/command-list.tsx";
import { whyNoTask } from "../parts/order-forms.tsx";
import { Age } from "../parts/time.tsx";
import { PostForm, SubmitButton } from "../viewer/act.tsx";
import { type ChangesQuery, type ChosenLines, changesPath, commentPath, fieldsOf } from "./changes-query.ts";
import { type CommentOrder, commentsOf } from "./comment-orders.ts";

export function CommentItem({ order, now }: { order: CommentOrder; now: Date }) {
  const { command_id, from, summary, issued_at, receipts, type } = order.command;
  return (
    <div id={`comment-${command_id}`} class="comment" data-state={receipts.at(-1)?.state}>
      <p class="facts">
        <b>{rangeText(order)}</b>
        <span>from {from}</span>
        <Age at={issued_at} now={now} />
      </p>
      <p class="words">{wordsOf(summary)}</p>
      <Receipts type={type} receipts={receipts} />
    </div>
  );
}

/** What is sent of an open page when the agent changes. */
export function commentParts(view: AgentView, now: Date) {
  return commentsOf(view).map((order) => ({
    id: `comment-${order.command.command_id}`,
    part: <CommentItem order={order} now={now} />,
  }));
}

interface FormProps {
  readonly view: AgentView;
  readonly query: ChangesQuery;
  readonly chosen: ChosenLines;
  /** What the file is before and now; "" if it is not shown. */
  readonly seen: string;
  /** Which state of the file the lines are of, if it is not the present one. */
  readonly state: QuotedState | undefined;
  /** What was typed, if it could not be sent. */
  readonly words: string;
  /** Whether the lines are. */
  readonly isShown?: boolean | undefined;
}

export function CommentForm({ view, query, chosen, seen, state, words, isShown = false }: FormProps) {
  const { agent_id: id } = view;
  const { path, side, from, to } = chosen;
  const page = { ...query, at: "", line: "", first: "" };
  const hidden = [
    ...fieldsOf(page),
    ["path", path],
    ["side", side],
    ["seen", seen],
    ["key", crypto.randomUUID()],
  ];
  return (
    <PostForm action={commentPath(id)} class="comment-form" data-draft={`comment-${id}-${path}`}>
      {hidden.map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      <label for="comment">
        To {id}, about <code>{harmless(path)}</code>, {rangeText(chosen)}
      </label>
      <textarea
        id="comment"
        name="words"
        rows={3}
        required
        placeholder="What should be different?"
        data-typed={words === "" ? undefined : ""}
      >
        {words}
      </textarea>
      <div class="comment-range">
        <label>
          From line{" "}
          <input type="number" name="first_line" value={String(from)} min="1" required data-undrafted />
        </label>
        <label>
          to <input type="number" name="last_line" value={String(to)} min="1" required data-undrafted />
        </label>
        {seen !== "" && (
          <SubmitButton class="primary" off={whyNoTask(view)}>
            Send as a task
          </SubmitButton>
        )}
        {!isShown && (
          <SubmitButton name="without_lines" value="yes" off={whyNoTask(view)}>
            Send without the lines
          </SubmitButton>
        )}
        <a href={changesPath(id, page)} data-gives-up>
          Cancel
        </a>
      </div>
      {seen !== "" && (
        <p class="quiet">
          The lines are sent with it. Press the number of another line to choose all up to there.
        </p>
      )}
      {state !== undefined && (
        <p class={state.since.kind === "same" ? "quiet" : "attention"}>
          These are lines of an earlier turn, and the task says so.{" "}
          {harmless(sinceQuotedText(path, state.since))}
        </p>
      )}
    </PostForm>
  );
}
