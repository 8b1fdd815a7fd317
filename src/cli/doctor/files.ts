// The data directory: whether what is private is, whether links stand where files belong, what a crash has left behind.
import type { Stats } from "node:fs";
import { lstat, readdir, statfs } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { shellQuote } from "../../agents/shell-quote.ts";
import { type Check, finding, well } from "./check.ts";

/** nats-server writes under `nats/` with modes of its own: the folder itself keeps others out. */
const wholeFolders = ["keys", "agents"];
const singlePaths = ["serve.json", "serve.lock", "nats", "bin"];
const mostPaths = 20_000;
const freeBytesWanted = 1024 ** 3;
const leftoverAfterMs = 60 * 60 * 1000;

export async function checkFiles(dataDir: string, now: Date): Promise<Check[]> {
  const paths: Found[] = [];
  for (const name of singlePaths) await collect(join(dataDir, name), paths, false);
  for (const name of wholeFolders) await collect(join(dataDir, name), paths, true);
  const leftovers = (await namesIn(dataDir)).filter((name) => /^\.(lock-)?[0-9a-f-]{36}$/.test(name));
  for (const name of leftovers) await collect(join(dataDir, name), paths, false);
  const bad = [
    ...paths.flatMap((found) => checkPath(found)),
    ...paths.filter((found) => isLeftover(found, now)).map(({ path }) => leftover(path)),
  ];
  if (bad.length > 0) return bad;
  const what =
    paths.length === 0
      ? `nothing is in ${dataDir} yet`
      : `${paths.length} in ${dataDir} are this user's alone`;
  return [well("files", what)];
}

/** @param dataDir or, when it is not there yet, the directory that it will be made in */
export async function checkDisk(dataDir: string): Promise<Check> {
  try {
    const { bavail, bsize } = await statfs(dataDir);
    const free = `${((bavail * bsize) / 1024 ** 3).toFixed(1)} GiB free for ${dataDir}`;
    if (bavail * bsize >= freeBytesWanted) return well("disk", free);
    return finding("disk", free, "free some space there, or move the data: cliai serve --data-dir DIR");
  } catch {
    return well("disk", `${dataDir} is not there yet`); // the first serve makes it, or says why it cannot
  }
}

interface Found {
  readonly path: string;
  readonly stats: Stats;
}

async function collect(path: string, into: Found[], deep: boolean): Promise<void> {
  const stats = await lstat(path).catch(() => undefined); // not there: nothing to look at
  if (stats === undefined || into.length >= mostPaths) return;
  into.push({ path, stats });
  if (!deep || !stats.isDirectory()) return;
  for (const name of await namesIn(path)) await collect(join(path, name), into, true);
}

async function namesIn(path: string): Promise<string[]> {
  const names: string[] = await readdir(path).catch(() => []); // absent, or not ours to read: its mode is a finding of its own
  return names.sort();
}

function checkPath({ path, stats }: Found): Check[] {
  const quoted = shellQuote([path]);
  if (stats.isSymbolicLink()) {
    return [
      finding("files", `${path} is a symbolic link, where cliai keeps a file of its own`, `rm ${quoted}`),
    ];
  }
  if (process.platform === "win32") return [];
  const uid = process.getuid?.();
  if (uid !== undefined && stats.uid !== uid) {
    return [
      finding("files", `${path} belongs to another user (uid ${stats.uid})`, `sudo chown ${uid} ${quoted}`),
    ];
  }
  if ((stats.mode & 0o077) === 0) return [];
  const mode = (stats.mode & 0o777).toString(8);
  const right = stats.isDirectory() || (stats.mode & 0o100) !== 0 ? "700" : "600";
  return [finding("files", `${path} is open to other users (mode ${mode})`, `chmod ${right} ${quoted}`)];
}

function isLeftover({ path, stats }: Found, now: Date): boolean {
  return /[\\/]\.(lock-)?[0-9a-f-]{36}$/.test(path) && now.getTime() - stats.mtimeMs > leftoverAfterMs;
}

function leftover(path: string): Check {
  return finding("files", `${path} was left behind by a crash`, `rm ${shellQuote([path])}`);
}
