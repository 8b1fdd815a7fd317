/** @jsxImportSource hono/jsx */
// The page on which a person confirms what is done with an agent's changes: it names exactly what, and each button does one thing.
import type { Child } from "hono/jsx";
import { type GitAct, type GitState, whyNot } from "../../../domain/changes/git-state.ts";
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { countText } from "../../../domain/text/amounts.ts";
import { harmless } from "../../../domain/text/harmless.ts";
import { PostForm, SubmitButton } from "../viewer/act.tsx";
import { Counts } from "./changed-file.tsx";
import { changesPath, gitPath } from "./changes-query.ts";
import type { Problem } from "./problem.ts";

/** What was typed, if it was not done. */
export interface GitWords {
  readonly message?: string | undefined;
  readonly title?: string | undefined;
  readonly body?: string | undefined;
}

interface PageProps {
  readonly view: AgentView;
  readonly state: GitState | undefined;
  readonly problem?: Problem | undefined;
  /** What was just done. */
  readonly said?: string | undefined;
  readonly url?: string | undefined;
  readonly words: GitWords;
}

export function GitPage({ view, state, problem, said, url, words }: PageProps) {
  const { agent_id: id } = view;
  return (
    <section class="panel git" aria-labelledby="title-git">
      <h2 id="title-git">Commit, push, pull request</h2>
      <p class="more">
        <a href={changesPath(id, {})}>Back to the changes</a>
      </p>
      {said !== undefined && (
        <p class="git-done" role="status">
          Done: {harmless(said)}.{" "}
          {url !== undefined && (
            <a href={url} rel="noreferrer">
              {url}
            </a>
          )}
        </p>
      )}
      {problem !== undefined && (
        <p class="attention" role="alert">
          {problem.message}
          {problem.hint !== undefined && (
            <>
              . <span class="quiet">{problem.hint}</span>
            </>
          )}
        </p>
      )}
      {view.axes.activity.value === "working" && state !== undefined && (
        <p class="attention">{id} works just now: what it has not finished yet goes with the rest.</p>
      )}
      {state !== undefined && <Acts state={state} words={words} />}
    </section>
  );
}

function Acts({ state, words }: { state: GitState; words: GitWords }) {
  const { root, branch, head = "", files, remote, unpushed, more_unpushed, tool, into, repository } = state;
  return (
    <>
      <p class="changes-summary">
        <code>{harmless(root)}</code>
        {branch === undefined ? ", without a branch" : ", on "}
        {branch !== undefined && <code>{harmless(branch)}</code>}. Git runs there as it does for you, with the
        hooks of the repository and your login.
      </p>
      <Act act="commit" state={state} title="Commit">
        <ul class="git-list">
          {files.slice(0, mostListed).map((file) => (
            <li>
              <code>{harmless(file.path)}</code> <Counts file={file} />
            </li>
          ))}
        </ul>
        <More of={files.length - mostListed} />
        <label for="message">Message</label>
        <textarea id="message" name="message" rows={3} required data-typed={typedMark(words.message)}>
          {words.message ?? ""}
        </textarea>
        <SubmitButton class="primary">
          Commit {files.length === 1 ? "1 file" : `${countText(files.length)} files`}
        </SubmitButton>
      </Act>
      <Act act="push" state={state} title="Push">
        <p>
          To the branch <code>{harmless(branch ?? "")}</code> of <code>{harmless(remote?.name ?? "")}</code>{" "}
          at{" "}
          {(remote?.urls ?? []).map((url, index) => (
            <>
              {index > 0 && " and "}
              <code>{harmless(url)}</code>
            </>
          ))}
          , up to <code>{head.slice(0, 10)}</code>, without force:
        </p>
        <ul class="git-list">
          {unpushed.map(({ commit, subject }) => (
            <li>
              <span>
                <code class="quiet">{commit.slice(0, 10)}</code> {harmless(subject)}
              </span>
            </li>
          ))}
        </ul>
        <More of={more_unpushed} />
        <SubmitButton class="primary">Push {harmless(branch ?? "")}</SubmitButton>
      </Act>
      <Act act="pull_request" state={state} title="Pull request">
        <p>
          For <code>{harmless(branch ?? "")}</code>, into <code>{harmless(into ?? "")}</code> of{" "}
          <code>{harmless(repository ?? "")}</code>, by <code>{tool}</code> and your own login there.
        </p>
        <label for="title">Title</label>
        <input
          id="title"
          name="title"
          type="text"
          required
          value={words.title ?? ""}
          data-typed={typedMark(words.title)}
        />
        <label for="body">Text</label>
        <textarea id="body" name="body" rows={4} data-typed={typedMark(words.body)}>
          {words.body ?? ""}
        </textarea>
        <SubmitButton class="primary">Open the request</SubmitButton>
      </Act>
    </>
  );
}

/** Marks what a person has typed, so that the browser keeps it as that. */
function typedMark(words: string | undefined): "" | undefined {
  return words === undefined || words === "" ? undefined : "";
}

const mostListed = 200;

function More({ of: count }: { of: number }) {
  return count > 0 ? <p class="quiet">and {countText(count)} more</p> : null;
}

interface ActProps {
  readonly act: GitAct;
  readonly state: GitState;
  readonly title: string;
  readonly children: Child;
}

function Act({ act, state, title, children }: ActProps) {
  const why = whyNot(act, state);
  return (
    <section class="git-act" aria-labelledby={`title-${act}`}>
      <h3 id={`title-${act}`}>{title}</h3>
      {why !== undefined ? (
        <p class="quiet">Nothing to do: {harmless(why)}.</p>
      ) : (
        <PostForm action={gitPath(state.agent_id)} data-draft={`${act}-${state.agent_id}`}>
          <input type="hidden" name="act" value={act} />
          <input type="hidden" name="seen" value={state.seen[act]} />
          {children}
        </PostForm>
      )}
    </section>
  );
}
