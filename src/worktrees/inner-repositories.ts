// The repositories inside a worktree: those with files, bare ones, and those of its submodules, which git keeps beside the worktree's own
// data, also when a submodule was emptied or removed. Tells which of them have something that is nowhere else.
import { lstat, readdir } from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";
import { parseHidden } from "../domain/worktrees/git-output.ts";
import type { WorktreeRecord } from "../domain/worktrees/worktree-record.ts";
import type { Environment } from "../runtime.ts";
import { createGit, type Git, longWithinMs } from "./git.ts";
import { isThere, isWithin } from "./records.ts";

export interface Walked {
  /** The size of all files. */
  readonly bytes: number;
  /** Directories with a `.git` in them. */
  readonly repositories: readonly string[];
  /** Directories in which git keeps a repository's data and which are not called `.git`: bare repositories, and those of submodules. */
  readonly gitDirs: readonly string[];
}

/** Symbolic links are not followed. Nothing for a directory that is not there. */
export async function walk(root: string): Promise<Walked> {
  let bytes = 0;
  const repositories: string[] = [];
  const gitDirs: string[] = [];
  const enter = async (dir: string) => {
    const entries = await readdir(dir, { withFileTypes: true });
    const has = (wanted: string) => entries.some(({ name }) => name === wanted);
    if (dir !== root && has(".git")) repositories.push(dir);
    const isGitDir = has("HEAD") && has("objects") && has("refs");
    if (dir !== root && isGitDir && basename(dir) !== ".git") gitDirs.push(dir);
    const files = entries.filter((entry) => !entry.isDirectory());
    const sizes = await Promise.all(
      files.map(async ({ name }) => (await lstat(join(dir, name)).catch(() => undefined))?.size ?? 0),
    );
    bytes += sizes.reduce((sum, size) => sum + size, 0);
    for (const entry of entries) if (entry.isDirectory()) await enter(join(dir, entry.name));
  };
  if (await isThere(root)) await enter(root);
  return { bytes, repositories, gitDirs };
}

const stepFiles: Readonly<Record<string, string>> = {
  "rebase-merge": "rebase",
  "rebase-apply": "rebase",
  MERGE_HEAD: "merge",
  MERGE_AUTOSTASH: "merge",
  CHERRY_PICK_HEAD: "cherry-pick",
  REVERT_HEAD: "revert",
  sequencer: "series of commits to pick or revert",
  BISECT_LOG: "bisect",
};

/** What git is in the middle of in the repository or worktree with this directory for its data. */
export async function doingIn(gitDir: string): Promise<string[]> {
  const names = await readdir(gitDir);
  return [
    ...new Set(Object.entries(stepFiles).flatMap(([file, what]) => (names.includes(file) ? [what] : []))),
  ];
}

/** Of these paths below `root`, those at which there is something. */
export async function existing(root: string, paths: readonly string[]): Promise<string[]> {
  const kept: string[] = [];
  for (const path of paths)
    if ((await lstat(join(root, path)).catch(() => undefined)) !== undefined) kept.push(path);
  return kept;
}

/**
 * Those that have something which is nowhere else, or that cannot be read: relative to the root of the worktree, or absolute if git keeps them
 * elsewhere. A bare repository among the files always counts.
 * @param gitDir where git keeps the worktree's own data
 */
export async function repositoriesWithWork(
  { path: root, repository }: Pick<WorktreeRecord, "path" | "repository">,
  { repositories, gitDirs }: Walked,
  { gitDir, env }: { readonly gitDir: string; readonly env: Environment },
): Promise<string[]> {
  const found: string[] = [];
  const judged = new Set<string>();
  for (const dir of repositories) {
    const git = createGit(dir, env, { GIT_CEILING_DIRECTORIES: dirname(dir) });
    const own = await git.ask(["rev-parse", "--absolute-git-dir"]);
    if (own !== undefined) judged.add(resolve(own));
    const common = await git.ask(["rev-parse", "--git-common-dir"]);
    const status = await git.ask(
      ["status", "--porcelain", "--untracked-files=all", "--ignored", "--ignore-submodules=none"],
      { withinMs: longWithinMs },
    );
    const hidden = await git.ask(["ls-files", "-v", "-z"], { withinMs: longWithinMs });
    const isPristine =
      own !== undefined &&
      hidden !== undefined &&
      common !== repository &&
      status === "" &&
      (await existing(dir, parseHidden(hidden))).length === 0 &&
      (await hasNoCommits(git)) &&
      (await doingIn(own)).length === 0;
    if (!isPristine) found.push(dir);
  }
  const ofSubmodules = (await walk(join(gitDir, "modules"))).gitDirs;
  for (const dir of [...gitDirs, ...ofSubmodules].filter((each) => !judged.has(each))) {
    const isOfSubmodule = ofSubmodules.includes(dir) || dir.includes(`${sep}.git${sep}modules${sep}`);
    if (!isOfSubmodule || !(await isEmptied(dir, env))) found.push(dir);
  }
  return found.map((dir) => (isWithin(root, dir) ? dir.slice(root.length + 1) : dir));
}

/** Whether each commit, also one of a stash or a reflog, is at a remote. */
async function hasNoCommits(git: Git): Promise<boolean> {
  return (await git.ask(["rev-list", "--count", "--all", "--reflog", "--not", "--remotes"])) === "0";
}

/** Whether a submodule's repository, whose files are not there any more, has nothing of its own. */
async function isEmptied(dir: string, env: Environment): Promise<boolean> {
  // Its settings name the directory that its files were in, which git would go to.
  const git = createGit(dir, env, { GIT_DIR: dir, GIT_WORK_TREE: dir });
  const isUnstaged =
    (await existing(dir, ["index"])).length === 0 ||
    (await git.ask(["diff-index", "--cached", "--quiet", "HEAD", "--"])) !== undefined;
  return isUnstaged && (await hasNoCommits(git)) && (await doingIn(dir)).length === 0;
}
