// What a backup or a restore has not finished yet: it stands under a temporary name, with a lock beside it that tells whether its process still
// lives. So the next command finds what a killed one has left, which has keys in it. The lock tells nothing on another machine, as with a folder
// in a network: there, what has stood for a day counts as left.
import { existsSync } from "node:fs";
import { lstat, readdir, realpath, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import {
  isUnfinishedOf,
  machineMark,
  type UnfinishedWork,
  unfinishedLock,
  unfinishedName,
  unfinishedWorkOf,
} from "../data-dir/contents.ts";
import { isKernelLocked, type KernelLock, takeKernelLock } from "../data-dir/kernel-lock.ts";

/** No backup or restore takes so long. */
const longestWorkMs = 24 * 3_600_000;

export interface Unfinished {
  readonly path: string;
  /** Call it when nothing stands under `path` any more. */
  end(): Promise<void>;
}

/** A temporary path beside `target`, for this process alone. Makes nothing there but its lock. */
export async function beginUnfinished(
  target: string,
  work: "saving" | "restoring",
  host = hostname(),
): Promise<Unfinished> {
  const path = join(dirname(target), unfinishedName(basename(target), work, machineMark(host)));
  return { path, end: endWith(path, await takeLock(path)) };
}

/** Which unfinished work is meant. */
export interface UnfinishedPlace {
  readonly folder: string;
  /** @param base the name of the file or folder that was to be made, or its beginning; without this, all work in the folder is meant */
  readonly isMeant?: (base: string) => boolean;
}

/** Where restores into this data directory work: beside it; if it is a symbolic link, beside what that leads to. */
export async function placeOfRestores(dataDir: string): Promise<Required<UnfinishedPlace>> {
  const path = await realpath(dataDir).catch(() => dataDir); // it is not there
  return { folder: dirname(path), isMeant: (base) => isUnfinishedOf(base, basename(path)) };
}

/** What killed commands have left there. It is the caller's from then on, who removes it, and calls `end`. */
export async function takeAbandoned(place: UnfinishedPlace): Promise<readonly Unfinished[]> {
  const found: Unfinished[] = [];
  for (const path of await findUnfinished(place)) {
    const lock = await takeLock(path);
    if (lock !== undefined) found.push({ path, end: endWith(path, lock) });
  }
  return found;
}

export interface Abandoned {
  readonly path: string;
  /** Whether nobody is known to be at work on it. False if its lock cannot be read, as that of another user. */
  readonly isCertain: boolean;
}

/** What killed commands have left there; it stays. A lock that stands alone has no keys, and is not told. */
export async function findAbandoned(place: UnfinishedPlace): Promise<readonly Abandoned[]> {
  const paths = (await findUnfinished(place)).filter((path) => existsSync(path));
  return paths.flatMap((path): Abandoned[] => {
    try {
      return isKernelLocked(unfinishedLock(path)) ? [] : [{ path, isCertain: true }];
    } catch {
      return [{ path, isCertain: false }];
    }
  });
}

async function findUnfinished({ folder, isMeant = () => true }: UnfinishedPlace): Promise<readonly string[]> {
  const names: string[] = await readdir(folder).catch(() => []); // there is no such folder
  const works = names.flatMap((name) => unfinishedWorkOf(name) ?? []).filter(({ base }) => isMeant(base));
  const found = new Set<string>();
  for (const work of works) {
    const path = join(folder, work.name);
    if (isOfHere(work) || (await isOld(path))) found.add(path);
  }
  return [...found];
}

function isOfHere({ machine }: UnfinishedWork): boolean {
  return machine === undefined || machine === machineMark(hostname());
}

async function isOld(path: string): Promise<boolean> {
  const stats = await Promise.all(
    [path, unfinishedLock(path)].map((each) => lstat(each).catch(() => undefined)),
  );
  const newest = Math.max(...stats.map((each) => each?.mtimeMs ?? 0));
  return Date.now() - newest > longestWorkMs;
}

/** Undefined also on a file system without locks, where nobody gets it: what is there is then never taken for abandoned. */
async function takeLock(path: string): Promise<KernelLock | undefined> {
  return await takeKernelLock(unfinishedLock(path)).catch(() => undefined);
}

function endWith(path: string, lock: KernelLock | undefined): () => Promise<void> {
  return async () => {
    lock?.release();
    await rm(unfinishedLock(path), { force: true });
  };
}
