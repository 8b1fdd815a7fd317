// Chooses the files of a data directory that a backup has as they are.
import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { isUnfinished, readDataDirContents } from "../data-dir/contents.ts";

/** In the folder of an agent, the lock and the processes of its present run, and the log of its hosts. */
const ofPresentRun = new Set(["held", "run.json", "host.log", "host.log.1"]);

export interface KeptFile {
  /** The path in the data directory, with `/` on every platform. */
  readonly path: string;
  readonly isFolder: boolean;
}

export interface KeptFiles {
  /** Sorted; each folder stands before what is in it. */
  readonly files: readonly KeptFile[];
  /** Names directly in the directory that are not cliai's. A backup does not have them. */
  readonly unknown: readonly string[];
}

/** Leaves out sockets and symbolic links, logs, and what a killed process has left half written. */
export async function listKeptFiles(dataDir: string): Promise<KeptFiles> {
  const entries = await readDataDirContents(dataDir);
  const kept = new Set(entries.filter(({ inBackup }) => inBackup).map(({ name }) => name));
  const files: KeptFile[] = [];
  const walk = async (folder: string) => {
    const found = await readdir(join(dataDir, folder), { withFileTypes: true }).catch((): Dirent[] => []); // removed meanwhile
    for (const entry of found.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (folder === "" ? !kept.has(entry.name) : isLeftOut(path)) continue;
      if (entry.isDirectory()) {
        files.push({ path, isFolder: true });
        await walk(path);
      } else if (entry.isFile()) files.push({ path, isFolder: false });
    }
  };
  await walk("");
  return { files, unknown: entries.filter(({ of }) => of === "unknown").map(({ name }) => name) };
}

function isLeftOut(path: string): boolean {
  const [top, , inAgent, ...deeper] = path.split("/");
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (isUnfinished(name)) return true;
  // Only cliai's own logs: what a peer has attached may be a log, too.
  if (top === "worktrees" && inAgent === undefined && name.endsWith(".setup.log")) return true;
  // What files were when turns began: it needs the repositories, which are not in the backup.
  if (top === "agents" && inAgent === "turns") return true;
  return top === "agents" && deeper.length === 0 && inAgent !== undefined && ofPresentRun.has(inAgent);
}
