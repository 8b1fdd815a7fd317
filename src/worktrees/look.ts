// Looks at one worktree: what is in it that nothing else has, and how far its branch is from the branch that it began at.
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import { type ListedWorktree, parseHidden, parseStatus } from "../domain/worktrees/git-output.ts";
import { type KeepReason, keepReasons, type WorktreeFacts } from "../domain/worktrees/keep-reasons.ts";
import type { WorktreeRecord } from "../domain/worktrees/worktree-record.ts";
import type { Environment } from "../runtime.ts";
import { changedSinceCarried, isSame } from "./carry-files.ts";
import { createGit, type Git, listWorktrees, longWithinMs } from "./git.ts";
import { doingIn, existing, repositoriesWithWork, walk } from "./inner-repositories.ts";
import { isThere } from "./records.ts";

export interface WorktreeLook {
  readonly record: WorktreeRecord;
  /** `gone`: a person has removed it with git. `missing`: its directory or its repository is not there. `unreadable`: a look at it fails. */
  readonly state: "there" | "missing" | "gone" | "unreadable";
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
  /** Ignored directories, which end with `/`: they go with it. */
  readonly ignoredDirs: readonly string[];
  /** Why `clean` keeps it; empty if it does not. */
  readonly reasons: readonly KeepReason[];
}

export interface LookOptions {
  readonly env: Environment;
  /** Whether the agent runs. */
  readonly isHeld: boolean;
  /** Other agents that run in it. */
  readonly users?: readonly string[];
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
  const { env, isHeld, users = [] } = options;
  const known = await listedIn(record, env);
  const git = gitIn(record, env);
  const missing = await missingOf(record, known, git);
  if (missing !== undefined || known === undefined) {
    const reasons = keepReasons({ ...noFacts, isHeld, users, locked: known?.locked, missing });
    const state = missing === undefined ? "gone" : "missing";
    return { ...nothingSeen, record, state, branch: known?.branch, reasons };
  }
  const { facts, bytes, ignoredDirs } = await readFacts(record, known, options);
  return {
    ...{ record, state: "there", branch: known.branch, bytes, ignoredDirs },
    ...(await distances(record, git, env)),
    uncommitted: facts.changed.length + facts.untracked.length,
    reasons: keepReasons(facts),
  };
}

const nothingSeen = {
  ...{ branch: undefined, ahead: undefined, behind: undefined, unpushed: undefined },
  ...{ uncommitted: 0, bytes: 0, ignoredDirs: [] },
};

/** Whether two looks found the same, as far as anything could be lost. */
export function isSameLook(one: WorktreeLook, other: WorktreeLook): boolean {
  return one.state === other.state && JSON.stringify(one.reasons) === JSON.stringify(other.reasons);
}

const noFacts: WorktreeFacts = {
  ...{ isHeld: false, users: [], locked: undefined, missing: undefined },
  ...{ doing: [], changed: [], untracked: [], ignored: [], hidden: [], repositories: [] },
  ...{ unmerged: 0, mergesInto: undefined },
};

/** What git's list says of it; undefined if git does not know it. @throws CliaiError as {@link lookAt} */
async function listedIn(record: WorktreeRecord, env: Environment): Promise<ListedWorktree | undefined> {
  if (!(await isThere(record.repository))) return undefined;
  return (await listWorktrees(gitOf(record, env))).find(({ path }) => path === record.path);
}

/** What is not there; undefined also if a person has removed the worktree with git. */
async function missingOf(
  record: WorktreeRecord,
  known: ListedWorktree | undefined,
  git: Git,
): Promise<WorktreeFacts["missing"]> {
  const hasDirectory = await isThere(record.path);
  if (!(await isThere(record.repository))) return hasDirectory ? "repository" : "all";
  if (!hasDirectory) return known === undefined ? undefined : "directory";
  const isLinked = known !== undefined && (await git.ask(["rev-parse", "--git-dir"])) !== undefined;
  return isLinked ? undefined : "link";
}

async function readFacts(
  record: WorktreeRecord,
  known: ListedWorktree,
  { env, isHeld, users = [] }: LookOptions,
): Promise<{ facts: WorktreeFacts; bytes: number; ignoredDirs: string[] }> {
  const git = gitIn(record, env);
  const long = { withinMs: longWithinMs };
  // `matching` names a directory only if a pattern does, and else each ignored file in it.
  const status = ["status", "--porcelain=v2", "-z", "--ignore-submodules=none"];
  const found = parseStatus(await git.run([...status, "--untracked-files=all", "--ignored=matching"], long));
  const hidden = parseHidden(await git.run(["ls-files", "-v", "-z"], long));
  const isCarried = (path: string) =>
    record.files.some((file) => path === file.path || path.startsWith(`${file.path}/`));
  const { files, dirs } = await partIgnored(record.path, found.ignored);
  const ignored = files.filter((path) => !isCarried(path));
  const walked = await walk(record.path);
  const gitDir = (await git.run(["rev-parse", "--absolute-git-dir"])).trim();
  const facts: WorktreeFacts = {
    ...{ isHeld, users, locked: known.locked, missing: undefined },
    doing: await doingIn(gitDir),
    changed: found.changed,
    untracked: found.untracked.filter((path) => !isCarried(path)),
    ignored: [...(await onlyHere(record, ignored)), ...(await changedSinceCarried(record))],
    hidden: await existing(record.path, hidden),
    repositories: await repositoriesWithWork(record, walked, { gitDir, env }),
    ...(await unmergedOf(record, env)),
  };
  return { facts, bytes: walked.bytes, ignoredDirs: dirs.filter((path) => !isCarried(path.slice(0, -1))) };
}

/** With this, the file CACHEDIR.TAG begins: https://bford.info/cachedir/ */
const cacheSignature = "Signature: 8a477f597d28d172789f06886806bc55";

/**
 * The single files, and the directories, which end with `/`: those that a pattern names, and caches and virtual environments of Python, which
 * ignore themselves by a file in them, and say what they are by another.
 */
async function partIgnored(root: string, ignored: readonly string[]) {
  const dirs = ignored.filter((path) => path.endsWith("/"));
  for (const path of ignored) {
    const [, dir = "", name] = /^(.+\/)(CACHEDIR\.TAG|pyvenv\.cfg)$/.exec(path) ?? [];
    if (name === undefined) continue;
    const isMark = name === "pyvenv.cfg" || (await beginningOfFile(join(root, path))) === cacheSignature;
    if (isMark) dirs.push(dir);
  }
  const files = ignored.filter((path) => !dirs.some((dir) => path.startsWith(dir)));
  const outer = dirs.filter((dir) => !dirs.some((other) => other !== dir && dir.startsWith(other)));
  return { files, dirs: outer };
}

async function beginningOfFile(path: string): Promise<string> {
  const text = await readFile(path, "utf8").catch(() => ""); // not a file
  return text.slice(0, cacheSignature.length);
}

/** Those that are not the same in the project, from which a set-up command may have copied them. */
async function onlyHere(
  { path: root, root: source }: WorktreeRecord,
  paths: readonly string[],
): Promise<string[]> {
  const kept: string[] = [];
  for (const path of paths) {
    if (!(await isSame(join(root, path), join(source, path), root))) kept.push(path);
  }
  return kept;
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
  const isNew = head !== record.base;
  if (isNew && refs.length > 0) return { unmerged: await count(refs), mergesInto: name };
  // Without a branch to merge into, its own commits are those since its beginning.
  const since = isNew ? Number(await git.ask(["rev-list", "--count", head, "--not", record.base])) : 0;
  // Where nothing was committed, any other name of the commit will do.
  return { unmerged: since > 0 ? since : await count(otherRefs(record.branch)), mergesInto: name };
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

/** For a worktree at which a look fails: it is kept. */
export function failedLook(record: WorktreeRecord, error: unknown): WorktreeLook {
  const text = error instanceof CliaiError ? error.message : `it cannot be read: ${messageOf(error)}`;
  return { ...nothingSeen, record, state: "unreadable", reasons: [{ what: "missing", text, paths: [] }] };
}
