// This room knows which files the session's tools change, and which files other agents have reserved.
//
// Finds where a file really is, and in which checkout of which git repository. It reads the disk directly, and runs no git, because the CLI waits
// for the answer to its hook meanwhile.
import { lstatSync, readFileSync, realpathSync, type Stats } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { TouchedFile } from "../../domain/wire/event-messages.ts";

/**
 * @param path as a tool names it: absolute, or relative to `cwd`
 * @returns its absolute path with symbolic links resolved, in the case in which it is named; and if it is in a git repository, the root of its
 * checkout, and the directory that all worktrees of that repository have in common
 */
export function placeOf(path: string, cwd: string): TouchedFile {
  const real = realPathOf(resolve(cwd, path));
  return { path: real, ...checkoutOf(dirname(real)) };
}

/** Like `realpath`, but the last parts of the path may be missing. */
export function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path); // it is not there yet, or not any more
    return parent === path ? path : join(realPathOf(parent), basename(path));
  }
}

/** Undefined if nothing is there, or nobody may see it. */
function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined; // such as a name that is too long: then it is in no repository that we know
  }
}

function checkoutOf(folder: string): Pick<TouchedFile, "root" | "repository"> {
  const repository = repositoryOf(join(folder, ".git"), folder);
  if (repository !== undefined) return { root: folder, repository };
  const parent = dirname(folder);
  return parent === folder ? {} : checkoutOf(parent);
}

/** Undefined if `.git` is neither a repository nor the file that names one. */
function repositoryOf(git: string, folder: string): string | undefined {
  const stats = statOf(git);
  if (stats === undefined) return undefined;
  if (!stats.isFile()) return realPathOf(git);
  const [, named] = /^gitdir: (.+)/.exec(textOf(git)) ?? [];
  if (named === undefined) return undefined;
  const own = resolve(folder, named.trim());
  const common = textOf(join(own, "commondir")).trim();
  // A submodule has a directory of its own, without such a file.
  return realPathOf(common === "" ? own : resolve(own, common));
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // then it names nothing
  }
}
