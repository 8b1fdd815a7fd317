// Removes a worktree, and its branch if that was made for it. What nothing else has is kept in a bundle first.
import { rmdir } from "node:fs/promises";
import { dirname } from "node:path";
import { CliaiError } from "../domain/text/errors.ts";
import { tipsOf } from "../domain/worktrees/git-output.ts";
import type { WorktreeRecord } from "../domain/worktrees/worktree-record.ts";
import type { Environment } from "../runtime.ts";
import { keepBundle } from "./bundles.ts";
import { removeCarried } from "./carry-files.ts";
import { listWorktrees, longWithinMs } from "./git.ts";
import { gitIn, gitOf, otherRefs, type WorktreeLook } from "./look.ts";
import { removeRecord } from "./records.ts";

const commitsAtOnce = 300;

export interface RemoveOptions {
  readonly dataDir: string;
  readonly env: Environment;
  readonly now: Date;
}

export interface RemovedWorktree {
  /** Whether the branch was deleted. It is kept if it was there before the worktree, or has commits that nothing else has. */
  readonly branchDeleted: boolean;
  /** The bundle with what nothing else has; undefined if there is no such thing. */
  readonly bundle: string | undefined;
}

/**
 * Call it in `withWorktrees`, with a look of the same call. Whatever the look found to be lost is lost from the worktree, and kept in the bundle.
 * @throws CliaiError `failed`; the worktree then stays, as far as git has not begun to remove it
 */
export async function removeWorktree(
  { record, state, reasons }: WorktreeLook,
  options: RemoveOptions,
): Promise<RemovedWorktree> {
  const { env, dataDir } = options;
  const isThere = state === "there";
  const goes = await branchThatGoes(record, { env, isDiscarded: reasons.length > 0 });
  const tips = await lostCommits(record, { env, isThere, goes });
  const pathsOf = (...words: string[]) =>
    reasons.flatMap(({ what, paths }) => (words.includes(what) ? paths : []));
  const losesFiles = pathsOf("changed", "untracked", "ignored", "hidden").length > 0;
  const files = losesFiles ? { ignored: pathsOf("ignored"), hidden: pathsOf("hidden") } : undefined;
  const bundle = await keepBundle(record, { ...options, goes: goes?.branch, tips, files });
  if (isThere) await removeFiles(record, { env, isForced: reasons.length > 0 });
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
    add(await git.ask(["rev-parse", "--quiet", "--verify", "ORIG_HEAD"]));
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

/** A line for each thing that is lost with the worktree: paths, and commits that nothing else has. */
export async function nameLost({ record, reasons }: WorktreeLook, env: Environment): Promise<string[]> {
  const paths = reasons.flatMap(({ what, paths: all }) =>
    all.map((path) => `${wordsFor[what] ?? what} ${path}`),
  );
  const goes = await branchThatGoes(record, { env, isDiscarded: true });
  const heads = ["HEAD", ...(goes === undefined ? [] : [goes.tip])];
  const log = ["log", "--format=commit %h %s", ...heads, "--not", ...otherRefs(goes?.branch)];
  const commits = (await gitIn(record, env).ask(log)) ?? ""; // fails where there is no commit yet
  return [...paths, ...commits.split(/\r?\n/).filter((line) => line !== "")];
}

const wordsFor: Readonly<Record<string, string>> = { hidden: "hidden from git" };

async function removeFiles(
  record: WorktreeRecord,
  { env, isForced }: { env: Environment; isForced: boolean },
): Promise<void> {
  await removeCarried(record, gitIn(record, env));
  const git = gitOf(record, env);
  const remove = async (...force: string[]) =>
    await git.run(["worktree", "remove", ...force, record.path], { withinMs: longWithinMs });
  try {
    await remove(...(isForced ? ["--force"] : []));
  } catch (error) {
    // Git removes no worktree in which submodules were filled, unless it is forced. The look has found nothing in them that is only here.
    if (!(error instanceof CliaiError) || !/submodule/.test(error.message)) throw error;
    await remove("--force");
  }
}

async function deleteBranch(
  record: WorktreeRecord,
  { branch, tip }: Branch,
  env: Environment,
): Promise<void> {
  const git = gitOf(record, env);
  await git.run(["update-ref", "-d", `refs/heads/${branch}`, tip]);
  await git.ask(["config", "--remove-section", `branch.${branch}`]); // git writes none before somebody sets an upstream
}
