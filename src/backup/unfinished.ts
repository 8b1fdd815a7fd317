// What a backup or a restore has not finished yet: it stands under a temporary name, with a lock beside it that tells whether its process still
// lives. So the next command finds what a killed one has left, which has keys in it.
import { readdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { unfinishedLock, unfinishedName, unfinishedWorkOf } from "../data-dir/contents.ts";
import { isKernelLocked, type KernelLock, takeKernelLock } from "../data-dir/kernel-lock.ts";

export interface Unfinished {
  readonly path: string;
  /** Call it when nothing stands under `path` any more. */
  end(): Promise<void>;
}

/** A temporary path beside `target`, for this process alone. Makes nothing there but its lock. */
export async function beginUnfinished(target: string, work: "saving" | "restoring"): Promise<Unfinished> {
  const path = join(dirname(target), unfinishedName(basename(target), work));
  return { path, end: endWith(path, await takeLock(path)) };
}

/** What killed commands have left in a folder. It is the caller's from then on, who removes it, and calls `end`. */
export async function takeAbandoned(folder: string, isMeant?: IsMeant): Promise<readonly Unfinished[]> {
  const found: Unfinished[] = [];
  for (const path of await findUnfinished(folder, isMeant)) {
    const lock = await takeLock(path);
    if (lock !== undefined) found.push({ path, end: endWith(path, lock) });
  }
  return found;
}

/** What killed commands have left in a folder; it stays. */
export async function findAbandoned(folder: string, isMeant?: IsMeant): Promise<readonly string[]> {
  return (await findUnfinished(folder, isMeant)).filter((path) => !isKernelLocked(unfinishedLock(path)));
}

/** @param base the name of the file or folder that was to be made, or its beginning */
type IsMeant = (base: string) => boolean;

async function findUnfinished(folder: string, isMeant: IsMeant = () => true): Promise<readonly string[]> {
  const names: string[] = await readdir(folder).catch(() => []); // there is no such folder
  const works = names.flatMap((name) => unfinishedWorkOf(name) ?? []).filter(({ base }) => isMeant(base));
  return [...new Set(works.map(({ name }) => join(folder, name)))];
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
