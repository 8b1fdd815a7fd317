// Looks at one worktree: what is in it that nothing else has, and how far its branch is from the branch that it began at.
import { lstat, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CliaiError } from "../domain/text/errors.ts";
import { type ListedWorktree, parseHidden, parseStatus } from "../domain/worktrees/git-output.ts";
import { type KeepReason, keepReasons, type WorktreeFacts } from "../domain/worktrees/keep-reasons.ts";
import type { WorktreeRecord } from "../domain/worktrees/worktree-record.ts";
import type { Environment } from "../runtime.ts";
import { changedSinceCarried, isSame } from "./carry-files.ts";
import { createGit, type Git, listWorktrees, longWithinMs } from "./git.ts";
import { isThere } from "./records.ts";

export interface WorktreeLook {
  readonly record: WorktreeRecord;
  /** `gone`: a person has removed it with git, or its repository is not there. */
  readonly state: "there" | "missing" | "gone";
  /** The branch that is checked out; undefined for a detached head. */
  readonly branch: string | undefined;
  /** Commits that only its head has, and that only the branch has which it began at; undefined if there is no such branch any more. */
  readonly ahead: number | undefined;
  readonly behind: number | undefined;
  /** Files with changes that are not committed, and files that git does not know. */
  readonly uncommitted: number;
  /** Commits that no remote has; undefined if the repository has no remote. */
  readonly unpushed: number | undefined;
  /** Of all its files. */
  readonly bytes: number;
  /** Why `clean` keeps it; empty if it does not. */
  readonly reasons: readonly KeepReason[];
}

export interface LookOptions {
  readonly env: Environment;
  /** Whether the agent runs. */
  readonly isHeld: boolean;
}

/** Git in a worktree. It never goes up to a repository around it, also if somebody has removed its `.git`. */
export function gitIn({ path }: Pick<WorktreeRecord, "path">, env: Environment): Git {
  return createGit(path, env, { GIT_CEILING_DIRECTORIES: dirname(path) });
}

/** Git in the repository, which sees no head but that of the main worktree. */
export function gitOf({ repository }: Pick<WorktreeRecord, "repository">, env: Environment): Git {
  return createGit(repository, env, { GIT_DIR: repository });
}

/** @throws CliaiError `failed`, `no_answer`, `cli_missing` if git cannot read it */
export async function lookAt(record: WorktreeRecord, options: LookOptions): Promise<WorktreeLook> {
  const nothing = {
    record,
    branch: undefined,
    ahead: undefined,
    behind: undefined,
    uncommitted: 0,
    unpushed: undefined,
    bytes: 0,
  };
  const known = await listedIn(record, options.env);
  if (known === undefined) return { ...nothing, state: "gone", reasons: [] };
  const git = gitIn(record, options.env);
  if (!(await isThere(record.path)) || (await git.ask(["rev-parse", "--git-dir"])) === undefined) {
    const missing = { ...noFacts, isHeld: options.isHeld, locked: known.locked, isMissing: true };
    return { ...nothing, state: "missing", branch: known.branch, reasons: keepReasons(missing) };
  }
  const { facts, bytes } = await readFacts(record, known, options);
  return {
    ...{ record, state: "there", branch: known.branch, bytes },
    ...(await distances(record, git, options.env)),
    uncommitted: facts.changed.length + facts.untracked.length,
    reasons: keepReasons(facts),
  };
}

const noFacts: WorktreeFacts = {
  ...{ isHeld: false, locked: undefined, isMissing: false, doing: [], changed: [], untracked: [] },
  ...{ ignored: [], hidden: [], repositories: [], unmerged: 0, mergesInto: undefined },
};

/** What git's list says of it; undefined if git does not know it. @throws CliaiError as {@link lookAt} */
async function listedIn(record: WorktreeRecord, env: Environment): Promise<ListedWorktree | undefined> {
  if (!(await isThere(record.repository))) return undefined;
  return (await listWorktrees(gitOf(record, env))).find(({ path }) => path === record.path);
}

async function readFacts(record: WorktreeRecord, known: ListedWorktree, { env, isHeld }: LookOptions) {
  const git = gitIn(record, env);
  const status = ["status", "--porcelain=v2", "-z", "--ignore-submodules=none"];
  const long = { withinMs: longWithinMs };
  const found = parseStatus(await git.run([...status, "--untracked-files=all"], long));
  const alone = parseStatus(
    await git.run([...status, "--untracked-files=normal", "--ignored=traditional"], long),
  );
  const hidden = parseHidden(await git.run(["ls-files", "-v", "-z"], long));
  const changedFiles = await changedSinceCarried(record);
  const isCarried = (path: string) =>
    record.files.some((file) => path === file.path || path.startsWith(`${file.path}/`));
  const ignored = alone.ignored.filter((path) => !path.endsWith("/") && !isCarried(path));
  const { bytes, repositories } = await walk(record.path);
  const facts: WorktreeFacts = {
    ...{ isHeld, locked: known.locked, isMissing: false },
    doing: await doingIn(git),
    changed: found.changed,
    untracked: found.untracked.filter((path) => !isCarried(path)),
    ignored: [...(await onlyHere(record, ignored)), ...changedFiles],
    hidden: await existing(record.path, hidden),
    repositories: await withWork(record, repositories, env),
    ...(await unmergedOf(record, env)),
  };
  return { facts, bytes };
}

/** Those that are not the same in the project, from which a set-up command may have copied them. */
async function onlyHere(
  { path: root, root: source }: WorktreeRecord,
  paths: readonly string[],
): Promise<string[]> {
  const kept: string[] = [];
  for (const path of paths) if (!(await isSame(join(root, path), join(source, path)))) kept.push(path);
  return kept;
}

async function existing(root: string, paths: readonly string[]): Promise<string[]> {
  const kept: string[] = [];
  for (const path of paths)
    if ((await lstat(join(root, path)).catch(() => undefined)) !== undefined) kept.push(path);
  return kept;
}

const stepFiles: Readonly<Record<string, string>> = {
  "rebase-merge": "rebase",
  "rebase-apply": "rebase",
  MERGE_HEAD: "merge",
  CHERRY_PICK_HEAD: "cherry-pick",
  REVERT_HEAD: "revert",
  BISECT_LOG: "bisect",
};

async function doingIn(git: Git): Promise<string[]> {
  const dir = (await git.run(["rev-parse", "--absolute-git-dir"])).trim();
  const names = await readdir(dir);
  return [
    ...new Set(Object.entries(stepFiles).flatMap(([file, what]) => (names.includes(file) ? [what] : []))),
  ];
}

/** The size of all files, and the repositories inside. Symbolic links are not followed. */
async function walk(root: string): Promise<{ bytes: number; repositories: string[] }> {
  let bytes = 0;
  const repositories: string[] = [];
  const enter = async (dir: string) => {
    const entries = await readdir(dir, { withFileTypes: true });
    if (dir !== root && entries.some(({ name }) => name === ".git")) repositories.push(dir);
    const files = entries.filter((entry) => !entry.isDirectory());
    const sizes = await Promise.all(
      files.map(async ({ name }) => (await lstat(join(dir, name)).catch(() => undefined))?.size ?? 0),
    );
    bytes += sizes.reduce((sum, size) => sum + size, 0);
    for (const entry of entries) if (entry.isDirectory()) await enter(join(dir, entry.name));
  };
  await enter(root);
  return { bytes, repositories };
}

/** Those that have changes, stashes, or commits that no remote has; or that are worktrees of this same repository. */
async function withWork(
  { path: root, repository }: WorktreeRecord,
  dirs: readonly string[],
  env: Environment,
): Promise<string[]> {
  const found: string[] = [];
  for (const dir of dirs) {
    const git = createGit(dir, env, { GIT_CEILING_DIRECTORIES: dirname(dir) });
    const common = await git.ask(["rev-parse", "--git-common-dir"]);
    const status = await git.ask(["status", "--porcelain", "--ignored", "--ignore-submodules=none"]);
    const stash = await git.ask(["stash", "list"]);
    const commits = await git.ask(["rev-list", "--count", "--all", "--reflog", "--not", "--remotes"]);
    const isPristine = status === "" && stash === "" && commits === "0" && common !== repository;
    if (!isPristine) found.push(dir.slice(root.length + 1));
  }
  return found;
}

/** All branches, tags, remote branches and the stash, except the branch of this worktree. */
export function otherRefs(branch: string | undefined): string[] {
  return [...(branch === undefined ? [] : [`--exclude=refs/heads/${branch}`]), "--glob=refs/*"];
}

/** How many commits of its head are not in the branch that it began at, or in what that branch follows. */
async function unmergedOf(
  record: WorktreeRecord,
  env: Environment,
): Promise<Pick<WorktreeFacts, "unmerged" | "mergesInto">> {
  const head = await gitIn(record, env).ask(["rev-parse", "--quiet", "--verify", "HEAD"]);
  const { refs, name } = await targetsOf(record, env);
  if (head === undefined) return { unmerged: 0, mergesInto: name }; // a branch without a commit
  const git = gitOf(record, env);
  const count = async (others: readonly string[]) =>
    Number(await git.run(["rev-list", "--count", head, "--not", ...others]));
  // Where nothing was committed, any other name of the commit will do.
  const unmerged = await count(head === record.base ? otherRefs(record.branch) : refs);
  return { unmerged, mergesInto: name };
}

/** The branches into which the worktree's branch merges: the one that it began at, what that one follows, and the remotes' main branches. */
async function targetsOf(
  record: WorktreeRecord,
  env: Environment,
): Promise<{ refs: string[]; name: string | undefined }> {
  const git = gitOf(record, env);
  const isThereRef = async (ref: string) =>
    (await git.ask(["rev-parse", "--quiet", "--verify", `${ref}^{commit}`])) !== undefined;
  const mains = (await git.run(["for-each-ref", "--format=%(refname)", "refs/remotes"]))
    .split(/\r?\n/)
    .filter((ref) => /^refs\/remotes\/[^/]+\/HEAD$/.test(ref));
  const { base_ref: base } = record;
  const first =
    base !== undefined && (await isThereRef(base))
      ? base
      : await git.ask(["symbolic-ref", "--quiet", "HEAD"]);
  const follows = first === undefined ? "" : await git.ask(["for-each-ref", "--format=%(upstream)", first]);
  const wanted = [first, follows, ...mains].filter((ref) => ref !== undefined && ref !== "") as string[];
  const refs: string[] = [];
  for (const ref of new Set(wanted)) {
    if (ref !== `refs/heads/${record.branch}` && (await isThereRef(ref))) refs.push(ref);
  }
  return { refs, name: refs[0]?.replace(/^refs\/(?:heads|remotes)\//, "") };
}

async function distances(
  record: WorktreeRecord,
  git: Git,
  env: Environment,
): Promise<Pick<WorktreeLook, "ahead" | "behind" | "unpushed">> {
  const [target] = (await targetsOf(record, env)).refs;
  const both = target && (await git.ask(["rev-list", "--left-right", "--count", `${target}...HEAD`]));
  const [behind, ahead] = both ? both.split(/\s+/).map(Number) : [];
  const hasRemote = (await git.ask(["for-each-ref", "--count=1", "refs/remotes"])) !== "";
  const unpushed = hasRemote
    ? await git.ask(["rev-list", "--count", "HEAD", "--not", "--remotes"])
    : undefined;
  return { ahead, behind, unpushed: unpushed === undefined ? undefined : Number(unpushed) };
}

/** For a worktree at which git fails. */
export function reasonOf(error: unknown): KeepReason {
  const text = error instanceof CliaiError ? error.message : `it cannot be read: ${String(error)}`;
  return { what: "missing", text, paths: [] };
}
