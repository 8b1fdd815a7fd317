// Makes directories and files that only this user can read: modes 0700 and 0600. A file is written whole or not at all, and
// never through a symbolic link. On Windows modes have no effect, but the user's data directory is private there.
import { chmod, lstat, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CliaiError, isFullDisk, messageOf } from "../domain/text/errors.ts";

/**
 * Makes the directory and its parents. An existing directory keeps its mode, because it may not be ours alone, such as `/tmp`.
 * @throws CliaiError `data_dir_unwritable`, also if the path is not a directory
 */
export async function ensurePrivateDir(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw unwritable(path, error);
  }
}

/** As {@link ensurePrivateDir}, for a directory that is cliai's own: makes it private again, and refuses a symbolic link. */
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
 * Whether a directory of our own exists. Check this before removing files in it.
 * @throws CliaiError `data_dir_unwritable` if the path is something else, such as a symbolic link to another directory
 */
export async function isOwnDir(path: string): Promise<boolean> {
  const stats = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw unwritable(path, error);
  });
  if (stats === undefined || stats.isDirectory()) return stats !== undefined;
  throw unwritable(path, new Error("a symbolic link stands in its place"));
}

/** Writes a temporary file and renames it to `path`, so that a symbolic link at `path` is replaced and not followed. */
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
    hint: isFullDisk(cause)
      ? "free space on that disk, or choose another place: --data-dir DIR"
      : "make it writable for your user, or choose another place: --data-dir DIR",
    cause,
  });
}
