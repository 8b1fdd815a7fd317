// Removes a worktree, and its branch if that was made for it. What nothing else has is kept in a bundle first.
import { readFile, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CliaiError } from "../domain/text/errors.ts";
import { tipsOf } from "../domain/worktrees/git-output.ts";
import type { WorktreeRecord } from "../domain/worktrees/worktree-record.ts";
import type { Environment } from "../runtime.ts";
import { keepBundle } from "./bundles.ts";
import { removeCarried } from "./carry-files.ts";
import { listWorktrees, longWithinMs } from "./git.ts";
import { gitIn, gitOf, isSameLook, otherRefs, type WorktreeLook } from "./look.ts";
import { removeRecord } from "./records.ts";

const commitsAtOnce = 300;

export interface RemoveOptions {
  readonly dataDir: string;
  readonly env: Environment;
  readonly now: Date;
  /** Looks at it again, before git is told to remove it without asking. */
  readonly look: () => Promise<WorktreeLook>;
}

export interface RemovedWorktree {
  /** Whether the branch was deleted. It is kept if it was there before the worktree, or has commits that nothing else has. */
  readonly branchDeleted: boolean;
  /** The bundle with what nothing else has; undefined if there is no such thing. */
  readonly bundle: string | undefined;
}

/**
 * Call it in `withWorktrees`, with a look of the same call. Whatever the look found to be lost is lost from the worktree, and kept in the bundle.
 * @throws CliaiError `failed`; the worktree then stays, as far as git has not begun to remove it. `refused` if something in it has changed
 * since the look
 */
export async function removeWorktree(first: WorktreeLook, options: RemoveOptions): Promise<RemovedWorktree> {
  const { record, state, reasons } = first;
  const { env, dataDir } = options;
  const isThere = state === "there";
  const goes = await branchThatGoes(record, { env, isDiscarded: reasons.length > 0 });
  const tips = await lostCommits(record, { env, isThere, goes });
  const pathsOf = (...words: string[]) =>
    reasons.flatMap(({ what, paths }) => (words.includes(what) ? paths : []));
  const losesFiles = pathsOf("changed", "untracked", "ignored", "hidden").length > 0;
  const files = losesFiles ? { ignored: pathsOf("ignored"), hidden: pathsOf("hidden") } : undefined;
  const bundle = await keepBundle(record, { ...options, goes: goes?.branch, tips, files });
  if (isThere) await removeFiles(first, options);
  if (goes !== undefined) await deleteBranch(record, goes, env);
  await removeRecord(dataDir, record);
  // Only an empty one: other worktrees may be in it.
  await rmdir(dirname(record.path)).catch(() => undefined);
  return { branchDeleted: goes !== undefined, bundle };
}

interface Branch {
  readonly branch: string;
  readonly tip: string;
}

/** The branch if it was made for this worktree, and no other worktree has it, and, unless it is discarded, all its commits are elsewhere, too. */
async function branchThatGoes(
  record: WorktreeRecord,
  { env, isDiscarded }: { readonly env: Environment; readonly isDiscarded: boolean },
): Promise<Branch | undefined> {
  const { branch, made_branch } = record;
  const git = gitOf(record, env);
  if (!made_branch) return undefined;
  const tip = await git
    .ask(["rev-parse", "--quiet", "--verify", `refs/heads/${branch}`])
    .catch(() => undefined);
  if (tip === undefined) return undefined; // deleted by a person, or there is no repository any more
  const others = (await listWorktrees(git)).filter(({ path }) => path !== record.path);
  if (others.some((each) => each.branch === branch)) return undefined;
  const only = await git.run(["rev-list", "--count", tip, "--not", ...otherRefs(branch)]);
  return only.trim() === "0" || isDiscarded ? { branch, tip } : undefined;
}

/** The files beside the worktree's own data that name commits: what git was doing, and what it has put aside for it. */
const commitFiles = [
  ...["ORIG_HEAD", "MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "REBASE_HEAD", "MERGE_AUTOSTASH"],
  ...["autostash", "orig-head", "onto"].map((name) => join("rebase-merge", name)),
  ...["autostash", "orig-head", "onto"].map((name) => join("rebase-apply", name)),
];

/** The commits that only this worktree knows: of its head, of its reflog, and of the branch that goes with it. */
async function lostCommits(
  record: WorktreeRecord,
  {
    env,
    isThere,
    goes,
  }: { readonly env: Environment; readonly isThere: boolean; readonly goes: Branch | undefined },
): Promise<string[]> {
  const known = new Set<string>();
  const add = (output: string | undefined) => {
    for (const word of (output ?? "").split(/\s+/)) if (/^[0-9a-f]{40,64}$/.test(word)) known.add(word);
  };
  if (isThere) {
    const git = gitIn(record, env);
    add(await git.ask(["rev-parse", "--quiet", "--verify", "HEAD"]));
    const gitDir = (await git.run(["rev-parse", "--absolute-git-dir"])).trim();
    for (const name of commitFiles) add(await readFile(join(gitDir, name), "utf8").catch(() => "")); // most are absent
    add(await git.ask(["reflog", "show", "--format=%H", "HEAD"]));
    add(
      await git.ask([
        "for-each-ref",
        "--format=%(objectname)",
        "refs/worktree",
        "refs/bisect",
        "refs/rewritten",
      ]),
    );
  }
  if (goes === undefined && !isThere) return [];
  const git = gitOf(record, env);
  if (goes !== undefined) {
    add(goes.tip);
    add(await git.ask(["reflog", "show", "--format=%H", `refs/heads/${goes.branch}`]));
  }
  const rows: string[] = [];
  const all = [...known];
  for (let at = 0; at < all.length; at += commitsAtOnce) {
    const some = all.slice(at, at + commitsAtOnce);
    const args = ["rev-list", "--ignore-missing", "--parents", ...some, "--not", ...otherRefs(goes?.branch)];
    rows.push(await git.run(args, { withinMs: longWithinMs }));
  }
  return [...new Set(tipsOf(rows.join("\n")))];
}

/**
 * A line for each thing that is lost with the worktree: paths, what git is in the middle of, ignored directories, and commits that nothing else
 * has, also those that only a reflog knows.
 */
export async function nameLost(look: WorktreeLook, env: Environment): Promise<string[]> {
  const { record, reasons, state, ignoredDirs } = look;
  const lost = reasons.flatMap(({ what, text, paths }) => {
    if (what === "doing" || what === "away") return [text];
    return paths.map((path) => `${wordsFor[what] ?? what} ${path}`);
  });
  const dirs = ignoredDirs.map((path) => `ignored directory ${path} (in no bundle)`);
  const goes = await branchThatGoes(record, { env, isDiscarded: true });
  const tips = await lostCommits(record, { env, isThere: state === "there", goes });
  const commits = new Set<string>();
  for (let at = 0; at < tips.length; at += commitsAtOnce) {
    const some = tips.slice(at, at + commitsAtOnce);
    const log = ["log", "--format=commit %h %s", ...some, "--not", ...otherRefs(goes?.branch)];
    for (const line of (await gitOf(record, env).run(log)).split(/\r?\n/)) if (line !== "") commits.add(line);
  }
  return [...lost, ...dirs, ...commits];
}

const wordsFor: Readonly<Record<string, string>> = { hidden: "hidden from git" };

/** What git says of a worktree that has submodules, or had some. Its other words may have this one in them, as a part of a path. */
const hasSubmodules = ": working trees containing submodules cannot be moved or removed";

async function removeFiles(first: WorktreeLook, { env, look }: RemoveOptions): Promise<void> {
  const { record, reasons } = first;
  const isForced = reasons.length > 0;
  const git = gitOf(record, env);
  const remove = async (...force: string[]) =>
    await git.run(["worktree", "remove", ...force, record.path], { withinMs: longWithinMs });
  const requireSame = async () => {
    if (isSameLook(first, await look())) return;
    throw new CliaiError("refused", `something in ${record.path} has changed just now`, {
      hint: "see what it is, and try again: cliai worktrees",
    });
  };
  if (isForced) await requireSame(); // to make the bundle may have taken long
  await removeCarried(record, gitIn(record, env));
  try {
    await remove(...(isForced ? ["--force"] : []));
  } catch (error) {
    // Git removes no worktree with submodules unless it is forced, and then it looks at nothing.
    if (!(error instanceof CliaiError) || !error.message.endsWith(hasSubmodules)) throw error;
    await requireSame();
    await remove("--force");
  }
}

async function deleteBranch(
  record: WorktreeRecord,
  { branch, tip }: Branch,
  env: Environment,
): Promise<void> {
  const git = gitOf(record, env);
  // Without --no-deref, git would delete the branch at which a symbolic one points.
  await git.run(["update-ref", "--no-deref", "-d", `refs/heads/${branch}`, tip]);
  await git.ask(["config", "--remove-section", `branch.${branch}`]); // git writes none before somebody sets an upstream
}
