// Reads the changed lines of files between two trees, with bounds: an agent may have written a line of many megabytes.
import type { ChangedFile } from "../domain/changes/changed-file.ts";
import { type Hunk, parseFilePatch, splitPatch } from "../domain/changes/patch.ts";
import type { Git } from "../worktrees/git.ts";

/** Of the patch of one call. */
const mostBytes = 4 * 1_024 ** 2;
/** Of all patches together: they are held in the memory of the server. */
const mostInAll = 32 * 1_024 ** 2;
/** So many files are read by one call. */
const mostAtOnce = 50;

const showing = [
  ...["diff-tree", "-r", "-p", "-M", "-l1000", "-U3", "--no-color", "--no-ext-diff", "--no-textconv"],
  ...["--submodule=short", "--src-prefix=a/", "--dst-prefix=b/"],
];

/** `cut`: its patch alone is longer than 4 MiB, or all before it are longer than 32 MiB together. */
export type FoundHunks = ReadonlyMap<ChangedFile, readonly Hunk[] | "cut">;

/** @param trees before and now */
export async function readHunks(
  git: Git,
  trees: readonly [string, string],
  files: readonly ChangedFile[],
): Promise<FoundHunks> {
  const found = new Map<ChangedFile, readonly Hunk[] | "cut">();
  let rest = files.filter(({ is_binary }) => is_binary !== true);
  let atOnce = mostAtOnce;
  let inAll = 0;
  while (rest.length > 0) {
    if (inAll > mostInAll) {
      for (const file of rest) found.set(file, "cut");
      break;
    }
    const wanted = rest.slice(0, atOnce);
    const { text, isCut } = await git.runBounded(
      [...showing, ...trees, "--", ...wanted.flatMap(pathsOf)],
      mostBytes,
    );
    inAll += text.length;
    const patches = splitPatch(text, isCut).map(parseFilePatch);
    for (const file of wanted) {
      // A file that has become a link, or the other way round, has two.
      const own = patches.filter(({ newPath, oldPath }) => (newPath ?? oldPath) === file.path);
      if (own.length > 0)
        found.set(
          file,
          own.flatMap(({ hunks }) => hunks),
        );
      else if (wanted.length === 1) found.set(file, isCut ? "cut" : []);
    }
    // What the bound has cut off is read again by itself.
    rest = isCut || wanted.length === 1 ? rest.filter((file) => !found.has(file)) : rest.slice(atOnce);
    atOnce = isCut ? 1 : mostAtOnce;
  }
  return found;
}

function pathsOf({ path, old_path }: ChangedFile): string[] {
  return old_path === undefined ? [path] : [old_path, path];
}
