// Decides whether a worktree may be removed: it is kept for each thing that would be lost, and while somebody needs it.

/** What was found in a worktree. Paths are relative to its root. */
export interface WorktreeFacts {
  /** Whether its agent runs. */
  readonly isHeld: boolean;
  /** Other agents that run in it. */
  readonly users: readonly string[];
  /** Why it is locked by `git worktree lock`; undefined if it is not. */
  readonly locked: string | undefined;
  /** What of it is not there; undefined if it is whole. `link`: both are there, but git and the directory do not know each other. */
  readonly missing: keyof typeof wordsForMissing | undefined;
  /** What git is in the middle of, such as `rebase`. */
  readonly doing: readonly string[];
  readonly changed: readonly string[];
  readonly untracked: readonly string[];
  /** Ignored files that nobody could make again: each single one, and each of `worktree_files` that is not as in the project. */
  readonly ignored: readonly string[];
  /** Tracked files at whose changes git does not look. */
  readonly hidden: readonly string[];
  /** Repositories inside, also submodules, that have something which is nowhere else. */
  readonly repositories: readonly string[];
  /** How many commits of its head are not in the branch that it began at. */
  readonly unmerged: number;
  /** The short name of that branch; undefined if there is none any more. */
  readonly mergesInto: string | undefined;
}

export interface KeepReason {
  readonly what:
    | "runs"
    | "locked"
    | "missing"
    | "away"
    | "repositories"
    | "doing"
    | "changed"
    | "untracked"
    | "ignored"
    | "hidden"
    | "unmerged";
  readonly text: string;
  /** All paths that the reason is about. */
  readonly paths: readonly string[];
}

/** Reasons that even `--discard` does not overrule. */
const firm: readonly KeepReason["what"][] = ["runs", "locked", "missing", "repositories"];

export function mayDiscard(reasons: readonly KeepReason[]): boolean {
  return !reasons.some(({ what }) => firm.includes(what));
}

const wordsForMissing = {
  directory: "its directory is not there: it was moved, or its disk is away",
  repository: "its repository is not there: it was moved, or its disk is away",
  link: "its directory is there, but its repository does not know it any more",
  all: "neither its directory nor its repository is there: both were removed, or their disk is away",
};

const pathsShown = 3;

function listed(paths: readonly string[]): string {
  const more = paths.length - pathsShown;
  return paths.slice(0, pathsShown).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** Empty if nothing is lost with it. The firm reasons come first. */
export function keepReasons(facts: WorktreeFacts): KeepReason[] {
  const reasons: KeepReason[] = [];
  const add = (what: KeepReason["what"], text: string, paths: readonly string[] = []) =>
    reasons.push({ what, text, paths });
  const about = (what: KeepReason["what"], words: string, paths: readonly string[]) => {
    if (paths.length > 0) add(what, `${words}: ${listed(paths)}`, paths);
  };
  if (facts.isHeld) add("runs", "its agent runs");
  for (const user of facts.users) add("runs", `the agent ${user} runs in it`);
  if (facts.locked !== undefined)
    add("locked", `it is locked${facts.locked === "" ? "" : `: ${facts.locked}`}`);
  const { missing } = facts;
  // Where nothing is there at all, a person may decide that it is forgotten.
  if (missing !== undefined) add(missing === "all" ? "away" : "missing", wordsForMissing[missing]);
  about("repositories", "repositories inside with work that is nowhere else", facts.repositories);
  if (facts.doing.length > 0) add("doing", `git is in the middle of a ${facts.doing.join(" and a ")}`);
  about("changed", "uncommitted changes", facts.changed);
  about("untracked", "untracked files", facts.untracked);
  about("ignored", "ignored files that are only here", facts.ignored);
  about("hidden", "files whose changes git was told not to look at", facts.hidden);
  const { unmerged, mergesInto } = facts;
  const commits = unmerged === 1 ? "1 commit that is" : `${unmerged} commits that are`;
  if (unmerged > 0)
    add("unmerged", `${commits} not in ${mergesInto ?? "any branch that it could merge into"}`);
  return reasons;
}
