// Makes the worktree of an agent, or takes up the one that it has. Everything that can be refused is refused before anything is made.
import { mkdir, readdir, realpath, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import { branchFor, branchInTheWay, worktreesNameOf } from "../domain/worktrees/branch-name.ts";
import type { WorktreeRecord } from "../domain/worktrees/worktree-record.ts";
import type { Environment } from "../runtime.ts";
import { carryFiles, type WantedFile } from "./carry-files.ts";
import { createGit, listWorktrees, longWithinMs } from "./git.ts";
import { type Repository, realPathOf } from "./read-repository.ts";
import { findRecord, isThere, isWithin, writeRecord } from "./records.ts";

export interface WorktreeWish {
  readonly id: AgentId;
  readonly project: string;
  readonly repository: Repository;
  /** The branch; may have `{id}` in it; "" or `true` for one of cliai's choice. */
  readonly branch: string | true;
  /** Whether a person has named the branch for this launch, and not the profile. */
  readonly isNamed: boolean;
  /** The directory for the worktrees; undefined for one beside the repository. */
  readonly dir: string | undefined;
  readonly files: readonly WantedFile[];
  /** Whether the profile has a command that sets it up. */
  readonly hasSetup: boolean;
  readonly dataDir: string;
}

export interface WorktreePlan {
  /** Set if the agent has a worktree of this repository already. */
  readonly existing: WorktreeRecord | undefined;
  readonly branch: string;
  /** Whether the branch is new. */
  readonly makesBranch: boolean;
  readonly path: string;
}

/**
 * Decides what is made, and makes nothing.
 * @throws CliaiError `refused` for a branch that is checked out elsewhere, or a directory that cannot be used; `usage` for a branch's name
 */
export async function planWorktree(wish: WorktreeWish): Promise<WorktreePlan> {
  const { id, repository, dataDir } = wish;
  const { git, worktrees } = repository;
  const branch = branchFor(wish.branch, id);
  const existing = await findRecord(dataDir, { agent_id: id, repository: repository.commonDir });
  if (
    existing !== undefined &&
    worktrees.some(({ path }) => path === existing.path) &&
    (await isThere(existing.path))
  ) {
    if (wish.isNamed && branch !== existing.branch) {
      throw new CliaiError(
        "refused",
        `${id} has a worktree already, on the branch ${existing.branch}: ${existing.path}`,
        {
          hint: `leave the branch out, or remove that worktree first: cliai worktrees clean ${id}`,
        },
      );
    }
    return { existing, branch: existing.branch, makesBranch: false, path: existing.path };
  }
  await requireBranchName(branch, wish);
  const makesBranch = await isFree(branch, wish);
  const holder = worktrees.find((each) => each.branch === branch);
  if (holder !== undefined) {
    throw new CliaiError("refused", `the branch "${branch}" is checked out in ${holder.path}`, {
      hint: "name another branch, or check out another one there",
    });
  }
  const path = await placeFor(wish);
  await requireFree(git, path);
  return { existing: undefined, branch, makesBranch, path };
}

/** Whether no branch has this name yet. @throws CliaiError `refused` if the name cannot be used */
async function isFree(branch: string, { repository: { git }, project }: WorktreeWish): Promise<boolean> {
  if ((await git.ask(["rev-parse", "--quiet", "--verify", `refs/heads/${branch}`])) !== undefined)
    return false;
  const refs = await git.run(["for-each-ref", "--format=%(refname)", "refs/heads", "refs/remotes"]);
  const names = refs.split(/\r?\n/);
  const heads = names.flatMap((name) => (name.startsWith("refs/heads/") ? [name.slice(11)] : []));
  const inWay = branchInTheWay(branch, heads);
  if (inWay !== undefined) {
    throw new CliaiError("refused", `no branch "${branch}" can be made beside the branch "${inWay}"`, {
      hint: "name another branch: --worktree=BRANCH",
    });
  }
  const remote = names.find(
    (name) => /^refs\/remotes\/[^/]+\//.test(name) && name.split("/").slice(3).join("/") === branch,
  );
  if (remote === undefined) return true;
  const short = remote.slice("refs/remotes/".length);
  throw new CliaiError("refused", `the branch "${branch}" is not here, but there is ${short}`, {
    hint: `get it first: git -C ${project} branch ${branch} ${short}; or name another branch`,
  });
}

async function requireBranchName(branch: string, { repository: { git } }: WorktreeWish): Promise<void> {
  if (!branch.startsWith("-") && (await git.ask(["check-ref-format", "--branch", branch])) === branch) return;
  throw new CliaiError("usage", `"${branch}" is not the name of a branch`, {
    hint: "such as --worktree=fix-login; {id} in it stands for the agent's id",
  });
}

/** `git check-ignore` fails where all paths are to be taken literally. */
const plainPaths = { more: { GIT_LITERAL_PATHSPECS: "0" } };

async function placeFor({ id, repository, dir, dataDir }: WorktreeWish): Promise<string> {
  const { root, commonDir, git, top } = repository;
  const parent = await realPathOf(dir ?? join(dirname(root), worktreesNameOf(root)));
  const path = join(parent, id);
  const refuse = (why: string) =>
    new CliaiError("refused", `no worktree can be made in ${parent}: ${why}`, {
      hint: 'name another directory in the profile: "worktree_dir"',
    });
  if (isWithin(await realPathOf(dataDir), path))
    throw refuse("it is in cliai's data directory, beside the keys");
  if (isWithin(commonDir, path)) throw refuse("it is where git keeps the repository's data");
  const isInside = top !== undefined && isWithin(await realPathOf(top), path);
  if (isInside && (await git.ask(["check-ignore", "--quiet", path], plainPaths)) === undefined)
    throw refuse("it is in the project, which does not ignore it, so git would show it as untracked there");
  return path;
}

async function requireFree(git: Repository["git"], path: string): Promise<void> {
  const names = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    return error.code === "ENOENT" ? undefined : [""]; // a file, or a directory that cannot be read
  });
  const isKnown = (await listWorktrees(git)).some((each) => each.path === path);
  if (names === undefined && !isKnown) return;
  const why =
    names === undefined
      ? "git still knows a worktree there, whose directory is not there"
      : "it is there already";
  throw new CliaiError("refused", `cannot make the worktree ${path}: ${why}`, {
    hint:
      names === undefined
        ? "bring it back, or let git forget it: git worktree prune"
        : "move it away, or give the agent another id: --id ID",
  });
}

/**
 * Makes what `planWorktree` has decided, with the files that are carried in. Hooks of the repository run, as for each checkout.
 * @throws CliaiError `failed` with git's words; then nothing is left of it
 */
export async function makeWorktree(
  wish: WorktreeWish,
  { branch, makesBranch, path }: WorktreePlan,
  { now, note }: { readonly now: () => Date; readonly note: (line: string) => void },
): Promise<WorktreeRecord> {
  const { repository, dataDir, id, project } = wish;
  const { git, base, baseRef, commonDir, inside, root, top } = repository;
  await mkdir(dirname(path), { recursive: true }).catch((error: unknown) => {
    throw new CliaiError("refused", `cannot make ${dirname(path)}: ${messageOf(error)}`, {
      hint: 'name a directory in the profile that you may write to: "worktree_dir"',
    });
  });
  const begin = makesBranch ? base : (await git.run(["rev-parse", `refs/heads/${branch}`])).trim();
  const args = makesBranch ? ["--no-track", "-b", branch, path, base] : [path, branch];
  try {
    await git.run(["worktree", "add", ...args], { withinMs: longWithinMs });
    const record: WorktreeRecord = {
      agent_id: id,
      ...{
        project,
        root: top ?? root,
        repository: commonDir,
        path: await realpath(path),
        inside,
        branch,
        made_branch: makesBranch,
      },
      base: begin,
      ...(baseRef === undefined || baseRef === `refs/heads/${branch}` ? {} : { base_ref: baseRef }),
      files: await carryFiles(wish.files, { from: top ?? root, root: path, note }),
      ...(wish.hasSetup ? { setup: "pending" as const } : {}),
      created_at: now().toISOString(),
    };
    await writeRecord(dataDir, record);
    return record;
  } catch (error) {
    await undo(repository, { path, branch: makesBranch ? branch : undefined, begin });
    throw error;
  }
}

/** Removes what a failed `git worktree add` has left. Nobody has worked there yet. */
async function undo(
  { git, root }: Repository,
  {
    path,
    branch,
    begin,
  }: { readonly path: string; readonly branch: string | undefined; readonly begin: string },
): Promise<void> {
  await git.ask(["worktree", "remove", "--force", "--force", path], { withinMs: longWithinMs });
  if (branch !== undefined) await git.ask(["update-ref", "--no-deref", "-d", `refs/heads/${branch}`, begin]);
  // Only an empty one: others may be in it.
  if (dirname(path) !== dirname(root)) await rmdir(dirname(path)).catch(() => undefined);
}

/** The agent's directory in its worktree. */
export function agentDirOf({ path, inside }: Pick<WorktreeRecord, "path" | "inside">): string {
  return join(path, ...inside.split("/"));
}

/** @throws CliaiError `refused` if the directory is not there any more */
export async function requireAgentDir(record: WorktreeRecord, env: Environment): Promise<string> {
  const dir = agentDirOf(record);
  if (await isThere(dir)) return dir;
  const branch = await createGit(record.path, env).ask(["branch", "--show-current"]);
  throw new CliaiError(
    "refused",
    `the worktree ${record.path} has no directory ${record.inside} on its branch ${branch ?? ""}`,
    {
      hint: "check out a commit there that has it",
    },
  );
}
