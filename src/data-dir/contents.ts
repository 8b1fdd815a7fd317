// Lists what cliai has put into a data directory, and removes it. Files that cliai does not know are left, so that a mistaken
// `--data-dir ~` does not remove a person's own files.
import { createHash } from "node:crypto";
import { lstat, readdir, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { readAgentFolders } from "./agent-folders.ts";

const leftTemporary = /^\.[0-9a-f]{8}-[0-9a-f-]{27}$/;
const leftWork = /^\.(.*)\.(?:saving|restoring)-(?:([0-9a-f]{8})-)?[0-9a-f]{8}-[0-9a-f-]{27}$/;
const lockEnd = ".held";
/** Of the name of a file. With what is added to it, even three bytes for each stay below the 255 that a name may have. */
const mostCharacters = 60;

/** Whether it is the name of a temporary file of writePrivateFile, or of a backup, which a killed process has left. */
export function isUnfinished(name: string): boolean {
  return leftTemporary.test(name) || unfinishedWorkOf(name) !== undefined;
}

/**
 * The name under which a backup or a data directory of the name `base` is made, until it is whole.
 * @param machine by {@link machineMark}
 */
export function unfinishedName(base: string, work: "saving" | "restoring", machine: string): string {
  return `.${base.slice(0, mostCharacters)}.${work}-${machine}-${crypto.randomUUID()}`;
}

/** By what the name says on which machine the work goes on: short, and every file system takes it. */
export function machineMark(hostname: string): string {
  return createHash("sha256").update(hostname).digest("hex").slice(0, 8);
}

/** The file that is locked while the work goes on. */
export function unfinishedLock(path: string): string {
  return `${path}${lockEnd}`;
}

export interface UnfinishedWork {
  readonly name: string;
  readonly base: string;
  /** Undefined in a name of an earlier cliai. */
  readonly machine: string | undefined;
}

/** Undefined if it is no name of `unfinishedName`, or of its lock. */
export function unfinishedWorkOf(name: string): UnfinishedWork | undefined {
  const whole = name.endsWith(lockEnd) ? name.slice(0, -lockEnd.length) : name;
  const [found, base = "", machine] = leftWork.exec(whole) ?? [];
  return found === undefined ? undefined : { name: whole, base, machine };
}

/** Whether `base` of {@link unfinishedWorkOf} is of the file or folder with this name. */
export function isUnfinishedOf(base: string, name: string): boolean {
  return base === name.slice(0, mostCharacters);
}

/** Each name directly in the data directory, with words that tell a person what it is. */
const ownNames: Readonly<Record<string, string>> = {
  agents: "the agents' settings and credentials",
  bin: "nats-server, unpacked",
  keys: "the server's keys and the HTTP token",
  logs: "the server's log",
  "loop-sessions": "the sessions of cliai loop",
  nats: "all that was recorded: history, orders, states",
  "node.held": "the lock of this machine as a node",
  "node.json": "the fleet that this machine has joined",
  "node-run.json": "the process of this machine as a node",
  search: "the index of the search",
  worktrees: "which worktrees the agents have, and what was discarded of them",
  trust: "which projects' profiles are trusted",
  "clis.json": "which releases of agent CLIs were probed",
  "fleet.json": "what the server last knew of the agents",
  "layout.json": "the version of this directory's layout",
  "serve.held": "the lock of the server",
  "serve.json": "where the server answers",
  "serve.lock": "who holds the lock",
  "serve.starting": "the lock of a command that starts the server",
};

/** Own names that a backup does not have: what is made again, locks, where the server answers; and `nats`, whose streams it has as snapshots. */
const notInBackup: ReadonlySet<string> = new Set([
  ...["bin", "logs", "nats", "search", "node.held", "node-run.json"],
  ...["serve.held", "serve.json", "serve.lock", "serve.starting"],
]);

/** Written by the person, read by cliai. */
const personsNames: Readonly<Record<string, string>> = {
  "profiles.json": "your profiles",
  "hooks.json": "your hooks",
  "prices.json": "your prices",
  "notify.json": "your notifications",
};

export interface DataDirEntry {
  readonly name: string;
  readonly what: string;
  /** The size of the file, or of all files in the folder. */
  readonly bytes: number;
  /** `own`: cliai made it. `person`: a person wrote it for cliai. `unknown`: neither. */
  readonly of: "own" | "person" | "unknown";
  /** Whether a backup has the file or folder as it is. */
  readonly inBackup: boolean;
}

/**
 * Whether `cliai serve` or `cliai spawn` made this directory. Looks for files that only these make, because names such as `bin` and
 * `keys` may be a person's own.
 */
export async function isDataDir(dataDir: string): Promise<boolean> {
  const ids = await readAgentFolders(join(dataDir, "agents"));
  const marks = ["layout.json", "serve.held", ...ids.map((id) => join("agents", id, "held"))];
  const found = await Promise.all(marks.map((mark) => lstat(join(dataDir, mark)).catch(() => undefined)));
  return found.some((stats) => stats?.isFile() === true);
}

/** Whether this directory is that of a machine that has joined a fleet. */
export async function isNodeDir(dataDir: string): Promise<boolean> {
  return (await lstat(join(dataDir, "node.json")).catch(() => undefined))?.isFile() === true;
}

/** Sorted by name; empty when there is no such directory. Never follows a symbolic link. */
export async function readDataDirContents(dataDir: string): Promise<DataDirEntry[]> {
  const names: string[] = await readdir(dataDir).catch(() => []);
  return await Promise.all(
    names.sort().map(async (name) => {
      const bytes = await sizeOf(join(dataDir, name));
      if (isUnfinished(name))
        return { name, what: "an unfinished file", bytes, of: "own" as const, inBackup: false };
      if (/^before-layout-\d+\.tar$/.test(name)) {
        const what = "keys and buckets before an update of the layout";
        return { name, what, bytes, of: "own" as const, inBackup: false };
      }
      const own = ownNames[name];
      const inBackup = !notInBackup.has(name);
      if (own !== undefined) return { name, what: own, bytes, of: "own" as const, inBackup };
      const persons = personsNames[name];
      if (persons !== undefined) return { name, what: persons, bytes, of: "person" as const, inBackup: true };
      return { name, what: "not cliai's", bytes, of: "unknown" as const, inBackup: false };
    }),
  );
}

/** Removes these entries, and then the directory if nothing is left in it. */
export async function removeDataDirContents(
  dataDir: string,
  entries: readonly Pick<DataDirEntry, "name">[],
): Promise<void> {
  for (const { name } of entries) await rm(join(dataDir, name), { recursive: true, force: true });
  await rmdir(dataDir).catch((error: NodeJS.ErrnoException) => {
    // Something is left in it, or it was never there.
    if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST" && error.code !== "ENOENT") throw error;
  });
}

/** The size of the file, or of all files in the folder; 0 if there is none. Follows no symbolic link. */
export async function sizeOf(path: string): Promise<number> {
  const stats = await lstat(path).catch(() => undefined); // removed meanwhile
  if (stats === undefined || !stats.isDirectory()) return stats?.size ?? 0;
  const names = await readdir(path).catch((): string[] => []);
  const sizes = await Promise.all(names.map((name) => sizeOf(join(path, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
}
