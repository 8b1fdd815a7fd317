// What is told of an agent's changes, to the page, the API and the terminal alike.
import type { AgentId } from "../wire/agent-id.ts";
import type { ChangedFile } from "./changed-file.ts";
import type { Hunk } from "./patch.ts";

/** With what the files are compared. */
export interface ChangesBase {
  /** As it was asked for, or the branch; `HEAD`. */
  readonly name: string;
  /** Absent if nothing was committed yet: then everything is new. */
  readonly commit?: string;
  readonly why: keyof typeof baseWords;
  /** Of a turn: when the next one began, up to which the changes go; absent for the last turn. */
  readonly until?: string;
}

const baseWords = {
  asked: "where the work left",
  worktree: "where its branch left",
  last_commit: "the last commit",
  turn: "the turn that began",
  no_commit: "the beginning: nothing was committed yet",
} as const;

export function baseText({ name, commit, why, until }: ChangesBase): string {
  if (why === "turn") {
    const end = until === undefined ? "" : `, until the next one began ${clock(until)}`;
    return `${baseWords.turn} ${clock(name)}${end}`;
  }
  if (why === "no_commit") return baseWords.no_commit;
  const short = commit?.slice(0, 10) ?? "";
  return why === "last_commit" ? `${baseWords.last_commit}, ${short}` : `${baseWords[why]} ${name}, ${short}`;
}

/** `2026-11-30 14:03:22 UTC` */
export function clock(at: string): string {
  return `${at.slice(0, 19).replace("T", " ")} UTC`;
}

export interface FileChanges extends ChangedFile {
  /** Absent if its lines were not asked for, or are not shown; `left_out` then says why. */
  readonly hunks?: readonly Hunk[];
  readonly left_out?: "long" | "cut";
}

export interface ChangesReport {
  readonly agent_id: AgentId;
  /** Where the agent works. */
  readonly directory: string;
  /** The root of the repository's files. */
  readonly root: string;
  /** Absent for a detached head. */
  readonly branch?: string;
  /** Absent if nothing was committed yet. */
  readonly head?: string;
  readonly base: ChangesBase;
  /** Sorted by path; at most {@link mostFiles}. */
  readonly files: readonly FileChanges[];
  /** How many more files have changed than are listed. */
  readonly more_files: number;
  /** Of all files, also those that are not listed. */
  readonly added: number;
  readonly deleted: number;
  /** Other agents that work in the same repository's files: what they change stands here, too. */
  readonly shared_with: readonly AgentId[];
  /** When the turns began of which the beginning is kept, RFC 3339, the newest first. */
  readonly turns: readonly string[];
}

export const mostFiles = 2_000;
/** A file with more changed lines is opened on demand. */
export const mostLinesOfFile = 400;
/** When so many changed lines are shown, the files that follow are opened on demand. */
export const mostLinesAtOnce = 2_000;

export interface ChangesAsk {
  /** A branch, tag or commit; default: where the agent's branch left, else the last commit. */
  readonly base?: string | undefined;
  /** The changes of one turn: when it began, as in `turns`, or which one from the end: `1` is the last. Not with `base`. */
  readonly turn?: string | undefined;
  /** With `turn`: all changes since it began, and not only those until the next one. A file without any is then none. */
  readonly until_now?: boolean | undefined;
  /** Only this file, with all of its lines. */
  readonly file?: string | undefined;
  /** Which lines: `none`, those of files that are not long, or `all`. */
  readonly lines: "none" | "short" | "all";
}
