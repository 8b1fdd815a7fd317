// Chooses the files of a data directory that a backup has as they are.
import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { isUnfinished, readDataDirContents } from "../data-dir/contents.ts";

/** In the folder of an agent, the lock and the processes of its present run, and the log of its hosts. */
const ofPresentRun = new Set(["held", "run.json", "host.log", "host.log.1"]);

export interface KeptFile {
  /** The path in the data directory, with `/` on every platform. */
  readonly path: string;
  readonly isFolder: boolean;
  /** Of a person's own file, such as `profiles.json`: it is a symbolic link, and what it leads to is saved. */
  readonly isLink?: boolean;
}

export interface LeftOut {
  /** As in {@link KeptFile}. */
  readonly path: string;
  /** For a person, such as `not cliai's`. */
  readonly why: string;
}

export interface KeptFiles {
  /** Sorted; each folder stands before what is in it. */
  readonly files: readonly KeptFile[];
  /** What a backup does not have, although a person may think so. */
  readonly left: readonly LeftOut[];
}

/** Leaves out sockets, symbolic links other than those of a person's own files, logs, join codes, and what a killed process has left half written. */
export async function listKeptFiles(dataDir: string): Promise<KeptFiles> {
  const entries = await readDataDirContents(dataDir);
  const kept = new Map(entries.filter(({ inBackup }) => inBackup).map(({ name, of }) => [name, of]));
  const files: KeptFile[] = [];
  const left: LeftOut[] = entries
    .filter(({ of }) => of === "unknown")
    .map(({ name }) => ({ path: name, why: "not cliai's" }));
  const walk = async (folder: string) => {
    const found = await readdir(join(dataDir, folder), { withFileTypes: true }).catch((): Dirent[] => []); // removed meanwhile
    for (const entry of found.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (folder === "" ? !kept.has(entry.name) : isLeftOut(path)) continue;
      if (entry.isDirectory()) {
        files.push({ path, isFolder: true });
        await walk(path);
      } else if (entry.isFile()) files.push({ path, isFolder: false });
      else if (!entry.isSymbolicLink()) continue;
      else if (kept.get(path) === "person" && (await isFile(join(dataDir, path))))
        files.push({ path, isFolder: false, isLink: true });
      else left.push({ path, why: "a symbolic link" });
    }
  };
  await walk("");
  return { files, left };
}

/** Follows a symbolic link. */
async function isFile(path: string): Promise<boolean> {
  return await stat(path).then(
    (stats) => stats.isFile(),
    () => false, // it leads nowhere
  );
}

/**
 * Whether it is of the codes by which machines join. A backup does not know which of them are used or withdrawn later, and after a restore those would
 * let a machine in once more.
 */
export function isOfJoinCodes(path: string): boolean {
  return path === "keys/join-codes" || path.startsWith("keys/join-codes/");
}

function isLeftOut(path: string): boolean {
  const [top, , inAgent, ...deeper] = path.split("/");
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (isUnfinished(name) || isOfJoinCodes(path)) return true;
  // Only cliai's own logs: what a peer has attached may be a log, too.
  if (top === "worktrees" && inAgent === undefined && name.endsWith(".setup.log")) return true;
  // What files were when turns began: it needs the repositories, which are not in the backup.
  if (top === "agents" && inAgent === "turns") return true;
  return top === "agents" && deeper.length === 0 && inAgent !== undefined && ofPresentRun.has(inAgent);
}
