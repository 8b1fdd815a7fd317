// Directories and files for this user alone: modes 0700 and 0600, written whole or not at all, never through a symbolic
// link. On Windows, modes have no effect, and the user's data directory is private already.
import { chmod, lstat, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CliaiError, messageOf } from "../domain/text/errors.ts";

/**
 * Makes the directory and its parents. One that is there already keeps its mode: it may be the user's own, `/tmp` even.
 * @throws CliaiError `data_dir_unwritable`, also when something else than a directory stands there
 */
export async function ensurePrivateDir(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw unwritable(path, error);
  }
}

/** As {@link ensurePrivateDir}, for a directory of our own: made private again, and no symbolic link to elsewhere. */
export async function ensureOwnDir(path: string): Promise<void> {
  await ensurePrivateDir(path);
  try {
    if (!(await lstat(path)).isDirectory()) throw new Error("a symbolic link stands in its place");
    await chmod(path, 0o700);
  } catch (error) {
    throw unwritable(path, error);
  }
}

/**
 * Whether a directory of our own is there, for what is removed from it.
 * @throws CliaiError `data_dir_unwritable` when something else stands in its place, such as a symbolic link to elsewhere
 */
export async function isOwnDir(path: string): Promise<boolean> {
  const stats = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw unwritable(path, error);
  });
  if (stats === undefined || stats.isDirectory()) return stats !== undefined;
  throw unwritable(path, new Error("a symbolic link stands in its place"));
}

/** Writes a temporary file and renames it into place, so that a link there is replaced and not followed. */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const temporary = join(dirname(path), `.${crypto.randomUUID()}`);
  try {
    await writeFile(temporary, text, { mode: 0o600, flag: "wx" });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined); // the first error is the one to report
    throw unwritable(path, error);
  }
}

export function unwritable(path: string, cause: unknown): CliaiError {
  return new CliaiError("data_dir_unwritable", `cannot write ${path}: ${messageOf(cause)}`, {
    hint: "make it writable for your user, or choose another place: --data-dir DIR",
    cause,
  });
}
