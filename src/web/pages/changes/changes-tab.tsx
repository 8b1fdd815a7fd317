/** @jsxImportSource hono/jsx */
// This room is the tab with an agent's changes: which files, which lines, below each other or side by side.
//
// The whole tab. Everything on it is chosen by its address, so that it works without scripts.
import { baseText, type ChangesReport } from "../../../domain/changes/changes-report.ts";
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { countText } from "../../../domain/text/amounts.ts";
import { harmless } from "../../../domain/text/harmless.ts";
import { tabPath } from "../agent/agent-tabs.tsx";
import { ActLink } from "../viewer/act.tsx";
import { ChangedFileItem, Counts } from "./changed-file.tsx";
import {
  type ChangesQuery,
  changesPath,
  chosenOf,
  type DiffLayout,
  diffLayouts,
  gitPath,
} from "./changes-query.ts";
import { commentsOf, pathHash } from "./comment-orders.ts";
import { CommentForm, CommentItem } from "./comments.tsx";
import { Unplaced } from "./file-talk.tsx";
import type { PreparedFile } from "./prepare-files.ts";

interface TabProps {
  readonly view: AgentView;
  readonly now: Date;
  /** What was typed as a comment, if it could not be sent. */
  readonly words?: string | undefined;
  readonly query: ChangesQuery;
  /** Undefined if it cannot be made. */
  readonly report: ChangesReport | undefined;
  /** Its files. */
  readonly files: readonly PreparedFile[];
  /** Why not, with what to do. */
  readonly problem?: { readonly message: string; readonly hint?: string | undefined } | undefined;
}

export function ChangesTab({ view, query, report, files, problem, words = "", now }: TabProps) {
  const { agent_id: id } = view;
  const chosen = chosenOf(query);
  const isShown = report?.files.some(({ path }) => path === chosen?.path) === true;
  const form = chosen && <CommentForm {...{ view, query, chosen, seen: "", state: undefined, words }} />;
  return (
    <section class="panel changes" aria-labelledby="title-changes">
      <div class="changes-head">
        <h2 id="title-changes">Changes</h2>
        <Layouts id={id} query={query} />
        <ActLink class="button" href={gitPath(id)} posts={gitPath(id)}>
          Commit, push …
        </ActLink>
        <form method="get" action={tabPath(id, "changes")} class="base-form">
          {query.layout !== "unified" && <input type="hidden" name="layout" value={query.layout} />}
          {report !== undefined && report.turns.length > 0 && <TurnField report={report} />}
          <label for="changes-base">Since</label>
          <input
            id="changes-base"
            type="text"
            name="base"
            value={query.base}
            placeholder={
              report === undefined || report.base.why === "turn" ? "branch or commit" : report.base.name
            }
            autocomplete="off"
            spellcheck={false}
          />
          <button type="submit">Look</button>
        </form>
      </div>
      {problem !== undefined && (
        <p class="attention">
          {problem.message}
          {problem.hint !== undefined && (
            <>
              . <span class="quiet">{problem.hint}</span>
            </>
          )}{" "}
          {words !== "" && <a href="#comment">What you wrote</a>}
        </p>
      )}
      {chosen !== undefined && !isShown && <Unplaced chosen={chosen} form={form} />}
      {report !== undefined && <Found {...{ view, query, report, files, now }} />}
    </section>
  );
}

/** A turn by its time; whoever chooses one leaves the other field empty. */
function TurnField({ report }: { report: ChangesReport }) {
  const shown = report.base.why === "turn" ? report.base.name : "";
  return (
    <>
      <label for="changes-turn">Turn</label>
      <select id="changes-turn" name="turn">
        <option value="">all</option>
        {report.turns.slice(0, mostTurns).map((since, index) => (
          <option value={since} selected={since === shown}>
            {index === 0 ? "last, " : ""}
            {since.slice(0, 16).replace("T", " ")} UTC
          </option>
        ))}
      </select>
    </>
  );
}

const mostTurns = 50;

const layoutWords: Readonly<Record<DiffLayout, string>> = { unified: "Unified", split: "Side by side" };

function Layouts({ id, query }: { id: AgentView["agent_id"]; query: ChangesQuery }) {
  return (
    <nav class="layouts" aria-label="Layout of the changes">
      {diffLayouts.map((layout) => (
        <a
          href={changesPath(id, { ...query, layout })}
          aria-current={layout === query.layout ? "true" : undefined}
        >
          {layoutWords[layout]}
        </a>
      ))}
    </nav>
  );
}

type FoundProps = Pick<TabProps, "view" | "query" | "files" | "now"> & { readonly report: ChangesReport };

function Found({ view, query, report, files, now }: FoundProps) {
  const { agent_id: id, more_files } = report;
  const idOf = (index: number) => `file-${index + 1}`;
  return (
    <>
      <Summary report={report} isOne={query.file !== ""} />
      {query.file !== "" && (
        <p class="more">
          <a href={changesPath(id, { ...query, file: "", from: 0 })}>All changed files</a>
        </p>
      )}
      {files.length > 1 && (
        <details class="file-list" open={files.length <= 30}>
          <summary>{countText(files.length)} files</summary>
          <ul>
            {files.map(({ file }, index) => (
              <li>
                <a href={`#${idOf(index)}`}>{harmless(file.path)}</a> <Counts file={file} />
              </li>
            ))}
          </ul>
        </details>
      )}
      {more_files > 0 && (
        <p class="attention">{countText(more_files)} more files have changed. They are not shown.</p>
      )}
      {files.map((prepared, index) => (
        <ChangedFileItem
          {...prepared}
          id={idOf(index)}
          pageOf={(from) => changesPath(id, { ...query, file: prepared.file.path, from })}
        />
      ))}
      <OtherComments report={report} view={view} now={now} />
    </>
  );
}

/** The comments on files that have no change now. */
function OtherComments({ report, view, now }: { report: ChangesReport; view: AgentView; now: Date }) {
  const shown = new Set(report.files.map(({ path }) => pathHash(path)));
  const others = commentsOf(view).filter(({ file }) => !shown.has(file));
  if (others.length === 0) return null;
  return (
    <section class="earlier-comments" aria-labelledby="title-other-comments">
      <h3 id="title-other-comments">Comments on other files</h3>
      {others.map((order) => (
        <CommentItem order={order} now={now} />
      ))}
    </section>
  );
}

function Summary({ report, isOne }: { report: ChangesReport; isOne: boolean }) {
  const { root, branch, head, base, files, more_files, shared_with } = report;
  const count = files.length + more_files;
  const what = isOne ? "This file of" : count === 1 ? "1 file of" : `${countText(count)} files of`;
  return (
    <>
      <p class="changes-summary">
        {count === 0 ? "Nothing has changed in " : `${what} `}
        <code>{harmless(root)}</code>
        {branch !== undefined && (
          <>
            , on <code>{harmless(branch)}</code>
          </>
        )}
        {branch === undefined && head !== undefined && `, at ${head.slice(0, 10)} without a branch`}
        {count > 0 && !isOne && (
          <>
            : <Counts file={report} />
          </>
        )}
        , since {harmless(baseText(base))}.
      </p>
      {shared_with.length > 0 && (
        <p class="quiet">
          {shared_with.join(", ")} {shared_with.length === 1 ? "works" : "work"} in the same files: these may
          be changes of {shared_with.length === 1 ? "both" : "all of them"}.
        </p>
      )}
    </>
  );
}
