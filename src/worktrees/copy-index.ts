// Copies an index of git, for work on it that leaves the user's own as it is.
import { copyFile, stat, utimes } from "node:fs/promises";

/**
 * Nothing is copied if nothing was ever added. The copy has the time of the first one, to the second before: git, which compares whole seconds,
 * takes a file that was written in the second of its index, or later, for unchanged only if its text is the same; by a newer copy, it would
 * believe the time and the size alone, and a change would be overlooked.
 */
export async function copyIndex(from: string, to: string): Promise<void> {
  const found = await stat(from).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
  if (found === undefined) return;
  await copyFile(from, to);
  const writtenS = Math.floor(found.mtimeMs / 1_000);
  await utimes(to, writtenS, writtenS);
}
