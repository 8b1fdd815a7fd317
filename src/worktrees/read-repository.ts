// Reads the repository of a project before a worktree of it is made, and refuses in words what cannot have one.
import { realpath } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { CliaiError } from "../domain/text/errors.ts";
import type { ListedWorktree } from "../domain/worktrees/git-output.ts";
import type { Environment } from "../runtime.ts";
import { createGit, type Git, listWorktrees } from "./git.ts";

export interface Repository {
  /** Runs git in the project. */
  readonly git: Git;
  /** The directory that all its worktrees share. */
  readonly commonDir: string;
  /** The directory with its files; of a bare repository, the repository itself. */
  readonly root: string;
  /** The root of the worktree that the project is in; undefined in a bare repository. */
  readonly top: string | undefined;
  /** The project's directory below `top`, with `/`; "" for `top` itself. */
  readonly inside: string;
  readonly worktrees: readonly ListedWorktree[];
  /** The commit that a new branch begins at. */
  readonly base: string;
  /** The full name of the branch that this commit was named by. */
  readonly baseRef: string | undefined;
  readonly hasSubmodules: boolean;
  /** Whether files in Git LFS are checked out as their pointers, because `git lfs install` was not run for it. */
  readonly keepsPointers: boolean;
}

/**
 * @param base the commit or branch to begin at; undefined for the one that is checked out in the project
 * @param baseFrom what has named it
 * @throws CliaiError `refused` for a directory that can have no worktree; `usage` for an unknown base; `cli_missing` without git
 */
export async function readRepository(
  project: string,
  {
    base,
    baseFrom = "--base",
    env,
  }: {
    readonly base: string | undefined;
    readonly baseFrom?: "--base" | "worktree_base";
    readonly env: Environment;
  },
): Promise<Repository> {
  const git = createGit(project, env);
  const { isBare, isMain, commonDir } = await findRepository(git, project);
  const top = isBare ? undefined : await topOf(git, project);
  const inside = isBare ? "" : ((await git.ask(["rev-parse", "--show-prefix"])) ?? "").replace(/\/$/, "");
  const worktrees = await listWorktrees(git);
  // Git lists the main worktree by its repository's directory, which `git init --separate-git-dir` puts elsewhere.
  const first = (isMain ? top : undefined) ?? worktrees[0]?.path ?? top ?? commonDir;
  const begin = await findBase(git, project, { wanted: base, baseFrom });
  await requireDirectory(git, { project, inside, ...begin });
  const keepsPointers = await readLfs(git, project, begin.base);
  const hasSubmodules = (await git.ask(["cat-file", "-e", `${begin.base}:.gitmodules`])) !== undefined;
  return { git, commonDir, root: first, top, inside, worktrees, ...begin, hasSubmodules, keepsPointers };
}

async function findRepository(git: Git, project: string) {
  const said = await git.ask([
    "rev-parse",
    "--is-bare-repository",
    "--is-inside-work-tree",
    "--git-common-dir",
    "--git-dir",
  ]);
  if (said === undefined) {
    // Git says why: there is no repository, or it belongs to somebody else.
    const why = await git.run(["rev-parse", "--git-dir"]).then(
      () => "git cannot read its repository",
      (error: unknown) => (error as CliaiError).message.replace(/^.* failed: /, ""),
    );
    const isNone = /not a git repository/i.test(why);
    throw refused(project, isNone ? "it is not in a git repository" : why, {
      hint: isNone
        ? `make one there first: git -C ${project} init; or leave the worktree out`
        : "mend that first",
    });
  }
  const [bare, inTree, common = "", own = ""] = said.split(/\r?\n/);
  const isBare = bare === "true";
  if (!isBare && inTree !== "true") {
    throw refused(project, "it is in a repository's own directory, where git keeps its data", {
      hint: "name the directory with the project's files: --project DIR",
    });
  }
  const commonDir = await realpath(resolve(project, common));
  const isMain = (await realpath(resolve(project, own))) === commonDir;
  return { isBare, isMain, commonDir };
}

async function topOf(git: Git, project: string): Promise<string> {
  const above = (await git.ask(["rev-parse", "--show-superproject-working-tree"])) ?? "";
  if (above !== "") {
    throw refused(project, `it is a submodule of ${above}`, {
      hint: `name the repository around it: --project ${above}`,
    });
  }
  return resolve(await git.run(["rev-parse", "--show-toplevel"]).then((text) => text.replace(/\r?\n$/, "")));
}

async function findBase(
  git: Git,
  project: string,
  { wanted, baseFrom }: { readonly wanted: string | undefined; readonly baseFrom: string },
) {
  const name = wanted ?? "HEAD";
  const base = await git.ask(["rev-parse", "--quiet", "--verify", "--end-of-options", `${name}^{commit}`]);
  if (base === undefined && wanted === undefined) {
    throw refused(project, "its repository has no commit yet", {
      hint: `make the first one: git -C ${project} commit --allow-empty -m "first"`,
    });
  }
  if (base === undefined) {
    throw new CliaiError(
      "usage",
      `${baseFrom} "${wanted}" is no commit or branch of the repository in ${project}`,
      {
        hint: `see its branches: git -C ${project} branch --all`,
      },
    );
  }
  const full = await git.ask(["rev-parse", "--symbolic-full-name", "--end-of-options", name]);
  const named = full?.split(/\r?\n/).find((line) => /^refs\/(?:heads|remotes)\//.test(line));
  return { base, baseRef: named };
}

/** The agent's directory may be one that git does not have, such as an ignored one. */
async function requireDirectory(
  git: Git,
  { project, inside, base }: { project: string; inside: string; base: string },
): Promise<void> {
  if (inside === "" || (await git.ask(["cat-file", "-t", `${base}:${inside}`])) === "tree") return;
  throw refused(project, `the commit ${base.slice(0, 10)} has no directory ${inside}`, {
    hint: "commit it first, or name another directory: --project DIR",
  });
}

/**
 * Files in Git LFS are fetched by a program of its own, without which git fails in the middle. Returns whether they stay pointers.
 * @throws CliaiError `refused` if that program is set up for the repository, and not installed
 */
async function readLfs(git: Git, project: string, base: string): Promise<boolean> {
  const files = await git.ask(["ls-tree", "-r", "--name-only", "-z", base], {
    more: { GIT_LITERAL_PATHSPECS: "0" },
  });
  const attributes = (files ?? "").split("\0").filter((path) => /(?:^|\/)\.gitattributes$/.test(path));
  let usesLfs = false;
  for (const path of attributes) {
    usesLfs ||= /\bfilter=lfs\b/.test((await git.ask(["cat-file", "blob", `${base}:${path}`])) ?? "");
  }
  if (!usesLfs) return false;
  if ((await git.ask(["config", "--get", "filter.lfs.smudge"])) === undefined) return true;
  if ((await git.ask(["lfs", "version"])) !== undefined) return false;
  throw refused(project, "its repository keeps files in Git LFS, and git-lfs is not installed", {
    hint: "install git-lfs, or leave the worktree out",
  });
}

/** @throws CliaiError `refused` */
export function refused(project: string, why: string, { hint }: { readonly hint: string }): CliaiError {
  return new CliaiError("refused", `${project} cannot have a worktree: ${why}`, { hint });
}

/** The nearest directory that exists, with all symbolic links resolved, and what follows it in the path. */
export async function realPathOf(path: string): Promise<string> {
  const real = await realpath(path).catch(() => undefined); // not there yet
  if (real !== undefined) return real;
  const parent = dirname(path);
  return parent === path ? path : join(await realPathOf(parent), path.slice(parent.length));
}
