// Keeps the file tools inside the project: finds where a path really leads, through symbolic links.
import { lstat, realpath } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { CliaiError } from "../../domain/text/errors.ts";

/**
 * The absolute path of a file in the project, which need not exist.
 * @throws CliaiError `refused` if the path leads out of the project, even through a symbolic link
 */
export async function pathInside(project: string, path: string): Promise<string> {
  const root = await realpath(project);
  const full = resolve(root, path);
  const real = await realPathOf(full);
  if (real !== root && !real.startsWith(root.endsWith(sep) ? root : root + sep)) {
    throw new CliaiError("refused", `${path} is outside of the project`);
  }
  return real;
}

/** The path as a model names it. */
export function shownPath(project: string, path: string): string {
  const inner = relative(project, path);
  return inner === "" ? "." : inner.split(sep).join("/");
}

/** Like `realpath`, but the last parts of the path may be missing. A symbolic link to nothing is an error, because a write would follow it. */
async function realPathOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    const parent = dirname(path);
    if (parent === path || (await lstat(path).catch(() => undefined))?.isSymbolicLink()) throw error;
    return join(await realPathOf(parent), path.slice(parent.length).replace(/^[\\/]+/, ""));
  }
}
