// Copies or links files that git does not have, such as `.env`, from the project into a worktree; and compares them later.
import { cp, lstat, mkdir, open, readdir, readlink, realpath, rm, symlink } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import process from "node:process";
import { messageOf } from "../domain/text/errors.ts";
import type { CarriedFile, WorktreeRecord } from "../domain/worktrees/worktree-record.ts";
import type { Git } from "./git.ts";
import { isWithin } from "./records.ts";

export interface WantedFile {
  /** Relative to the root of the repository, with `/`. */
  readonly path: string;
  readonly as: "copy" | "link";
}

/**
 * @param from the root that has the files
 * @param root the root of the worktree
 * @param note says why a file is left out: it is not there, or the worktree has it already
 */
export async function carryFiles(
  wanted: readonly WantedFile[],
  {
    from,
    root,
    note,
  }: { readonly from: string; readonly root: string; readonly note: (line: string) => void },
): Promise<CarriedFile[]> {
  const carried: CarriedFile[] = [];
  for (const { path, as } of wanted) {
    const [source, target] = [join(from, path), join(root, path)];
    try {
      const stats = await lstat(source).catch(() => undefined); // absent
      if (stats === undefined) note(`worktree_files: ${source} is not there`);
      else if ((await lstat(target).catch(() => undefined)) !== undefined)
        note(`worktree_files: the worktree has ${path} already`);
      else {
        await mkdir(dirname(target), { recursive: true });
        // A directory of the branch may be a symbolic link that leads elsewhere.
        if (!isWithin(await realpath(root), await realpath(dirname(target))))
          throw new Error("it would be outside of the worktree");
        const kind = stats.isDirectory() && process.platform === "win32" ? "junction" : null;
        if (as === "link") await symlink(source, target, kind);
        else await cp(source, target, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
        carried.push({ path, as, from: source });
      }
    } catch (error) {
      note(`worktree_files: cannot ${as} ${path}: ${messageOf(error)}`);
    }
  }
  return carried;
}

/** The carried files, and those in carried directories, that are only in the worktree as they are. A link that is still one loses nothing. */
export async function changedSinceCarried({
  path: root,
  files,
}: Pick<WorktreeRecord, "path" | "files">): Promise<string[]> {
  const changed: string[] = [];
  const compare = async (path: string, source: string) => {
    const target = join(root, path);
    const stats = await lstat(target).catch(() => undefined); // removed: nothing is lost with it
    if (stats === undefined || (await isSame(target, source, root))) return;
    if (!stats.isDirectory()) changed.push(path);
    else for (const name of await readdir(target)) await compare(`${path}/${name}`, join(source, name));
  };
  for (const { path, as, from } of files) {
    const isLink = as === "link" && (await linkOf(join(root, path))) === from;
    if (!isLink) await compare(path, from);
  }
  return changed;
}

/**
 * Removes those that git does not track, so that git finds nothing that it does not know. Call it only when nothing of them is lost. What
 * has come behind a symbolic link meanwhile is somewhere else, and stays.
 */
export async function removeCarried(
  { path: root, files }: Pick<WorktreeRecord, "path" | "files">,
  git: Pick<Git, "run">,
): Promise<void> {
  for (const { path } of files) {
    const parent = dirname(join(root, path));
    const real = await realpath(parent).catch(() => undefined); // removed
    if (real === undefined || real !== join(await realpath(root), relative(root, parent))) continue;
    if ((await git.run(["ls-files", "-z", "--", path])) !== "") continue;
    await rm(join(root, path), { recursive: true, force: true });
  }
}

async function linkOf(path: string): Promise<string | undefined> {
  return await readlink(path).catch(() => undefined); // not a link
}

const pieceBytes = 1 << 16;

/** Whether both are files with the same bytes, or links to the same place, and the other is not itself in the worktree. @param root the worktree */
export async function isSame(path: string, other: string, root: string): Promise<boolean> {
  const parent = await realpath(dirname(other)).catch(() => undefined); // absent
  // By a symbolic link, the other may be this same file, or one that goes with it.
  if (parent === undefined || isWithin(await realpath(root), join(parent, basename(other)))) return false;
  const [one, two] = await Promise.all([path, other].map((each) => lstat(each).catch(() => undefined)));
  if (one === undefined || two === undefined) return false;
  if (one.isSymbolicLink() && two.isSymbolicLink()) return (await linkOf(path)) === (await linkOf(other));
  if (!one.isFile() || !two.isFile() || one.size !== two.size) return false;
  const [first, second] = await Promise.all([open(path), open(other)]);
  try {
    const [a, b] = [Buffer.alloc(pieceBytes), Buffer.alloc(pieceBytes)];
    for (;;) {
      const [{ bytesRead }, { bytesRead: others }] = await Promise.all([
        first.read(a, 0, pieceBytes, null),
        second.read(b, 0, pieceBytes, null),
      ]);
      if (bytesRead !== others || !a.subarray(0, bytesRead).equals(b.subarray(0, bytesRead))) return false;
      if (bytesRead === 0) return true;
    }
  } finally {
    await Promise.all([first.close(), second.close()]);
  }
}
