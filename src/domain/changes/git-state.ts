// What a person may have done with an agent's changes: a commit, a push, a pull request; and what is known before.
import type { AgentId } from "../wire/agent-id.ts";
import type { ChangedFile } from "./changed-file.ts";

export const gitActs = ["commit", "push", "pull_request"] as const;
export type GitAct = (typeof gitActs)[number];

/** The programs that open pull requests, with the user's own login. */
export const requestTools = ["gh", "glab"] as const;
export type RequestTool = (typeof requestTools)[number];

export interface GitState {
  readonly agent_id: AgentId;
  readonly root: string;
  /** Absent for a detached head. */
  readonly branch?: string;
  /** Absent if nothing was committed yet. */
  readonly head?: string;
  /** Names all that a commit would have. */
  readonly tree: string;
  /** What is not committed, sorted by path. */
  readonly files: readonly ChangedFile[];
  /** To where the branch is pushed; absent if there is no remote, or no branch. */
  readonly remote?: { readonly name: string; readonly url: string };
  /** The commits that the remote's branch of the same name does not have, the newest first; at most {@link mostCommits}. */
  readonly unpushed: readonly { readonly commit: string; readonly subject: string }[];
  readonly more_unpushed: number;
  /** What opens a pull request here; absent if neither is installed. */
  readonly tool?: RequestTool;
  /** The branch into which it would be merged; absent if that is not known. */
  readonly into?: string;
}

export const mostCommits = 50;

/** Why the act cannot be done; undefined if it can. */
export function whyNot(act: GitAct, state: GitState): string | undefined {
  const { branch, head, files, remote, unpushed, tool } = state;
  if (act === "commit") {
    if (files.length === 0) return "everything is committed";
    const unseen = files.find(({ seen }) => seen === "");
    if (unseen !== undefined)
      return `${unseen.path} was not looked at, so a commit of all is for you to make`;
    const unmerged = files.find(({ is_unmerged }) => is_unmerged === true);
    return unmerged && `${unmerged.path} has conflicts`;
  }
  if (branch === undefined) return "no branch is checked out";
  if (head === undefined) return "nothing was committed yet";
  if (remote === undefined) return "the repository has no remote";
  if (act === "push")
    return unpushed.length === 0 ? `${remote.name} has all commits of ${branch}` : undefined;
  if (tool === undefined) return "neither gh nor glab is installed where the server runs";
  if (unpushed.length > 0) return `${remote.name} does not have all commits of ${branch}: push it first`;
  return state.into === branch ? `${branch} is the branch into which others are merged` : undefined;
}

/** Which of the two opens a request at this address; undefined if it is not among those that are installed. */
export function toolFor(url: string, installed: readonly RequestTool[]): RequestTool | undefined {
  const host = /^(?:[a-z+]+:\/\/)?(?:[^@/]*@)?([^:/]+)/i.exec(url)?.[1] ?? "";
  const wanted = /gitlab/i.test(host) ? "glab" : /github/i.test(host) ? "gh" : undefined;
  if (wanted !== undefined) return installed.includes(wanted) ? wanted : undefined;
  return installed.length === 1 ? installed[0] : undefined;
}

/** What a person orders. `tree` and `head` are those that they have seen. */
export type GitWish =
  | { readonly act: "commit"; readonly tree: string; readonly message: string }
  | { readonly act: "push"; readonly head: string }
  | { readonly act: "pull_request"; readonly head: string; readonly title: string; readonly body: string };

export interface GitDone {
  /** In words: what was done. */
  readonly said: string;
  /** The address of the pull request, if its program has told it. */
  readonly url?: string;
}
