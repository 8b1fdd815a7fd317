// Reads the output of git: `worktree list --porcelain`, `status --porcelain=v2 -z`, `ls-files -v -z`, `rev-list --parents`.

export interface ListedWorktree {
  readonly path: string;
  /** Without `refs/heads/`; undefined for a detached head. */
  readonly branch: string | undefined;
  /** Why it is locked; "" without a reason; undefined if it is not locked. */
  readonly locked: string | undefined;
}

/** A path with a line feed cannot be read: git before 2.36 has no `-z` here. */
export function parseWorktreeList(output: string): ListedWorktree[] {
  const blocks = output.split(/\r?\n\r?\n/).filter((block) => block.startsWith("worktree "));
  return blocks.map((block) => {
    const lines = block.split(/\r?\n/);
    const fieldOf = (key: string) => {
      const line = lines.find((each) => each === key || each.startsWith(`${key} `));
      return line?.slice(key.length + 1);
    };
    return {
      path: fieldOf("worktree") ?? "",
      branch: fieldOf("branch")?.replace(/^refs\/heads\//, ""),
      locked: fieldOf("locked"),
    };
  });
}

export interface StatusPaths {
  /** Files that git tracks and that differ from the last commit, also in the index only. */
  readonly changed: readonly string[];
  /** A directory of which git tracks nothing is one entry, which ends with `/`. */
  readonly untracked: readonly string[];
  /** As `untracked`. */
  readonly ignored: readonly string[];
}

export function parseStatus(output: string): StatusPaths {
  const found = { changed: [] as string[], untracked: [] as string[], ignored: [] as string[] };
  const entries = output.split("\0");
  for (let at = 0; at < entries.length; at++) {
    const entry = entries[at] ?? "";
    const path = (fields: number) => entry.split(" ").slice(fields).join(" ");
    if (entry.startsWith("1 ")) found.changed.push(path(8));
    else if (entry.startsWith("2 ")) {
      found.changed.push(path(9));
      at++; // the path before it was renamed
    } else if (entry.startsWith("u ")) found.changed.push(path(10));
    else if (entry.startsWith("? ")) found.untracked.push(entry.slice(2));
    else if (entry.startsWith("! ")) found.ignored.push(entry.slice(2));
  }
  return found;
}

/** The tracked files at whose changes git does not look, because they are marked as assume-unchanged or skip-worktree. */
export function parseHidden(output: string): string[] {
  const entries = output.split("\0").filter((entry) => /^(?:[a-z]|S) /.test(entry));
  return entries.map((entry) => entry.slice(2));
}

/** Of these commits, those that are parents of none of the others: whoever keeps them keeps all. */
export function tipsOf(revListParents: string): string[] {
  const rows = revListParents.split(/\s*\n/).filter((line) => line !== "");
  const parents = new Set(rows.flatMap((line) => line.split(" ").slice(1)));
  return rows.flatMap((line) => line.split(" ").slice(0, 1)).filter((commit) => !parents.has(commit));
}
