// Makes a tree of all files of a repository as they are now, also of those that are not committed or not added. The user's index, stash and
// objects stay as they are: an index and a folder for objects are made elsewhere.
import { lstat, mkdir } from "node:fs/promises";
import { delimiter, join } from "node:path";
import process from "node:process";
import type { Environment } from "../runtime.ts";
import { copyIndex } from "../worktrees/copy-index.ts";
import type { Git } from "../worktrees/git.ts";
import { type ChangesBounds, usualBounds } from "./bounds.ts";
import { createLookingGit } from "./looking-git.ts";

/** Of more files that git does not know, only so many are read: somebody forgot to ignore a directory. */
const mostUntracked = 5_000;
/** How many characters the paths of one call may take: Windows takes 32,767 of a whole command. */
const mostCharacters = 20_000;

export interface LeftOut {
  readonly path: string;
  readonly is_untracked?: true;
  readonly kind?: "repository";
  /** Its size, if that is why. */
  readonly too_large?: number;
}

export interface Snapshot {
  readonly tree: string;
  readonly untracked: ReadonlySet<string>;
  readonly unmerged: ReadonlySet<string>;
  /** Changed files that are not in the tree as they are now. */
  readonly leftOut: readonly LeftOut[];
  /** How many files were not looked at, because there are too many. */
  readonly more: number;
  /** Git with the objects of the tree. */
  readonly git: Git;
}

export interface SnapshotOptions {
  /** An existing directory for new objects; default: one in `scratch`. */
  readonly objects?: string;
  /** Directories with more objects that git finds. */
  readonly alternates?: readonly string[];
  readonly bounds?: ChangesBounds;
}

/** @param scratch an empty directory, which is the caller's to remove @throws CliaiError as git does */
export async function takeSnapshot(
  root: string,
  scratch: string,
  env: Environment,
  options: SnapshotOptions = {},
): Promise<Snapshot> {
  const git = await createLookingGit(root, env, await placesFor(root, scratch, env, options));
  await git.ask(["update-index", "-q", "--refresh"]);
  const list = async (...args: string[]) => (await git.run(args)).split("\0").filter((path) => path !== "");
  const changed = pairsOf(await list("diff-files", "-z", "--name-status", "--ignore-submodules=dirty"));
  const untracked = await list("ls-files", "-z", "--others", "--exclude-standard");
  const unmerged = await list("ls-files", "-z", "--unmerged");
  const looked = untracked.slice(0, mostUntracked);
  const removed = changed.flatMap(({ status, path }) => (status === "D" ? [path] : []));
  const there = changed.flatMap(({ status, path }) => (status === "D" ? [] : [path]));
  const { read, leftOut } = await sortOut(root, there, looked, options.bounds ?? usualBounds);
  // First what is gone: a link may stand in place of its directory.
  for (const paths of chunksOf(removed)) await git.run(["update-index", "--force-remove", "--", ...paths]);
  for (const paths of chunksOf(read)) {
    await git.run(["update-index", "--add", "--remove", "--replace", "--", ...paths]);
  }
  return {
    tree: (await git.run(["write-tree", "--missing-ok"])).trim(),
    untracked: new Set(looked),
    unmerged: new Set(unmerged.map((entry) => entry.slice(entry.indexOf("\t") + 1))),
    leftOut,
    more: untracked.length - looked.length,
    git,
  };
}

/** The variables with which git writes to `scratch` alone. */
async function placesFor(
  root: string,
  scratch: string,
  env: Environment,
  { objects: kept, alternates = [] }: SnapshotOptions,
): Promise<Environment> {
  const git = await createLookingGit(root, env);
  const pathOf = async (name: string) =>
    (await git.run(["rev-parse", "--path-format=absolute", "--git-path", name])).replace(/\r?\n$/, "");
  const index = join(scratch, "index");
  const objects = kept ?? join(scratch, "objects");
  if (kept === undefined) await mkdir(objects);
  await copyIndex(await pathOf("index"), index);
  return {
    GIT_INDEX_FILE: index,
    GIT_OBJECT_DIRECTORY: objects,
    GIT_ALTERNATE_OBJECT_DIRECTORIES: [await pathOf("objects"), ...alternates].map(quoted).join(delimiter),
  };
}

/** In quotation marks, because a separator may be part of it. */
function quoted(path: string): string {
  const slashed = path.replaceAll("\\", process.platform === "win32" ? "/" : "\\\\");
  return `"${slashed.replaceAll('"', '\\"')}"`;
}

function pairsOf(fields: readonly string[]): { readonly status: string; readonly path: string }[] {
  return fields.flatMap((status, at) => (at % 2 === 0 ? [{ status, path: fields[at + 1] ?? "" }] : []));
}

async function sortOut(
  root: string,
  changed: readonly string[],
  untracked: readonly string[],
  { fileBytes, filesBytes }: ChangesBounds,
) {
  const read: string[] = [];
  const leftOut: LeftOut[] = [];
  const isNew = new Set(untracked);
  let inAll = 0;
  for (const path of new Set([...changed, ...untracked])) {
    const mark = isNew.has(path) ? { is_untracked: true as const } : {};
    const found = await lstat(join(root, path)).catch(() => undefined); // removed meanwhile, or never to be had
    // A name that is not UTF-8 was not read as it is. Git could not find it.
    if (path.includes("\ufffd")) leftOut.push({ path, ...mark });
    else if (path.endsWith("/")) leftOut.push({ path, ...mark, kind: "repository" });
    else if (found?.isFile() === true && (found.size > fileBytes || inAll + found.size > filesBytes))
      leftOut.push({ path, ...mark, too_large: found.size });
    // A pipe would be waited for, and nothing is in a socket.
    else if (found === undefined || found.isFile() || found.isSymbolicLink() || found.isDirectory()) {
      read.push(path);
      inAll += found?.size ?? 0;
    }
  }
  return { read, leftOut };
}

function chunksOf(paths: readonly string[]): string[][] {
  const chunks: string[][] = [];
  let room = 0;
  for (const path of paths) {
    room -= path.length + 1;
    const last = chunks.at(-1);
    if (last === undefined || room < 0) {
      chunks.push([path]);
      room = mostCharacters - path.length;
    } else last.push(path);
  }
  return chunks;
}
