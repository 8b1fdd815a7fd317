// What a person may have done with an agent's changes: a commit, a push, a pull request; and what is known before.
import type { AgentId } from "../wire/agent-id.ts";
import type { ChangedFile } from "./changed-file.ts";

const gitActs = ["commit", "push", "pull_request"] as const;
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
  /** How many new files were not looked at, because there are too many. */
  readonly more_files: number;
  /** Whether a commit would finish a merge. */
  readonly is_merging: boolean;
  /** To where the branch is pushed, with all addresses; absent if there is no remote, or no branch. */
  readonly remote?: { readonly name: string; readonly urls: readonly string[] };
  /** The commits that the remote's branch of the same name does not have, the newest first; at most {@link mostCommits}. */
  readonly unpushed: readonly { readonly commit: string; readonly subject: string }[];
  readonly more_unpushed: number;
  /** What opens a pull request here; absent if neither is installed. */
  readonly tool?: RequestTool;
  /** The branch into which it would be merged; absent if that is not known. */
  readonly into?: string;
  /** `HOST/OWNER/NAME`, to which the pull request belongs; absent if the remote's address names none. */
  readonly repository?: string;
  /** Names all that each act would do: on which branch and commit, with what, to where. */
  readonly seen: Readonly<Record<GitAct, string>>;
}

export const mostCommits = 50;

/** Why the act cannot be done; undefined if it can. */
export function whyNot(act: GitAct, state: GitState): string | undefined {
  const { branch, head, files, remote, unpushed, tool } = state;
  if (act === "commit") {
    if (state.more_files > 0)
      return `${state.more_files} new files were not looked at, so a commit of all is for you to make`;
    if (state.is_merging) return "a merge is under way there: finish it yourself";
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
  if (state.repository === undefined) return `the address of ${remote.name} names no repository at a host`;
  if (state.into === undefined)
    return `it is not known into which branch ${remote.name} merges: git remote set-head ${remote.name} --auto`;
  return state.into === branch ? `${branch} is the branch into which others are merged` : undefined;
}

/** Which of the two opens a request at this address; undefined if it is not among those that are installed. */
export function toolFor(url: string, installed: readonly RequestTool[]): RequestTool | undefined {
  const host = /^(?:[a-z+]+:\/\/)?(?:[^@/]*@)?([^:/]+)/i.exec(url)?.[1] ?? "";
  const wanted = /gitlab/i.test(host) ? "glab" : /github/i.test(host) ? "gh" : undefined;
  if (wanted !== undefined) return installed.includes(wanted) ? wanted : undefined;
  return installed.length === 1 ? installed[0] : undefined;
}

/** `HOST/OWNER/NAME` of an address; undefined if it is none at a host. */
export function repositoryAt(url: string): string | undefined {
  const whole = /^(https?|ssh|git):\/\/(?:[^@/]*@)?([\w.-]+)(:\d+)?\/(.+)$/i.exec(url);
  const short = /^(?:[^@/:]+@)?([\w.-]{2,}):(?!\/\/)(.+)$/.exec(url); // git@host:owner/name
  const [host, path] = whole === null ? [short?.[1], short?.[2]] : [whole[2], whole[4]];
  const port = /^http/i.test(whole?.[1] ?? "") ? (whole?.[3] ?? "") : "";
  const name = path?.replace(/\/+$/, "").replace(/\.git$/, "") ?? "";
  return /^[\w~][\w.~-]*(?:\/[\w~][\w.~-]*)+$/.test(name) ? `${host}${port}/${name}` : undefined;
}

/** What a person orders. `seen` is that of the act when they looked. */
export type GitWish = { readonly seen: string } & (
  | { readonly act: "commit"; readonly message: string }
  | { readonly act: "push" }
  | { readonly act: "pull_request"; readonly title: string; readonly body: string }
);

export interface GitDone {
  /** In words: what was done. */
  readonly said: string;
  /** The address of the pull request, if its program has told it. */
  readonly url?: string;
}
