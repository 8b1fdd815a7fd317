// Reads the changed lines of files between two trees, with bounds: an agent may have written a line of many megabytes.
import { type ChangedFile, changedLines } from "../domain/changes/changed-file.ts";
import { type FilePatch, type Hunk, parseFilePatch, splitPatch } from "../domain/changes/patch.ts";
import { createBreaks } from "../waiting.ts";
import type { Git } from "../worktrees/git.ts";
import { type ChangesBounds, usualBounds } from "./bounds.ts";

/** So many files are read by one call. */
const mostAtOnce = 50;

const showing = [
  ...["diff-tree", "-r", "-p", "-M", "-l1000", "-U3", "--no-color", "--no-ext-diff", "--no-textconv"],
  ...["--submodule=short", "--src-prefix=a/", "--dst-prefix=b/"],
];

/** `cut`: its patch alone is beyond the bounds, or all before it are together. */
export type FoundHunks = ReadonlyMap<ChangedFile, readonly Hunk[] | "cut">;

/** @param trees before and now */
export async function readHunks(
  git: Git,
  trees: readonly [string, string],
  files: readonly ChangedFile[],
  { patchBytes, patchesBytes, patchLines }: ChangesBounds = usualBounds,
): Promise<FoundHunks> {
  const found = new Map<ChangedFile, readonly Hunk[] | "cut">();
  const breathe = createBreaks();
  const isLong = (file: ChangedFile) => changedLines(file) > patchLines;
  for (const file of files.filter(isLong)) found.set(file, "cut");
  let rest = files.filter((file) => file.is_binary !== true && !isLong(file));
  let atOnce = mostAtOnce;
  let inAll = 0;
  while (rest.length > 0) {
    if (inAll > patchesBytes) {
      for (const file of rest) found.set(file, "cut");
      break;
    }
    const wanted = rest.slice(0, atOnce);
    const { text, isCut } = await git.runBounded(
      [...showing, ...trees, "--", ...wanted.flatMap(pathsOf)],
      patchBytes,
    );
    inAll += text.length;
    const patches: FilePatch[] = [];
    for (const piece of splitPatch(text, isCut)) {
      patches.push(parseFilePatch(piece));
      await breathe();
    }
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
