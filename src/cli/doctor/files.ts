// Checks the data directory: whether private files are private, whether symbolic links stand in their place, and whether a
// crash has left files behind.
import type { Stats } from "node:fs";
import { lstat, readdir, readFile, stat, statfs } from "node:fs/promises";
import { join, sep } from "node:path";
import process from "node:process";
import { shellQuote } from "../../agents/shell-quote.ts";
import { requireKnownDataDir } from "../../data-dir/layout-file.ts";
import type { ServeFile } from "../../data-dir/serve-file.ts";
import { type Check, finding, well } from "../../domain/system/check.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";

/** Checked with all that is in them. Not `nats/`, where nats-server chooses the modes: that folder itself keeps others out. */
const wholeFolders = ["keys", "agents", "trust", "logs"];
/** `agents/ID/turns`: git chooses the modes of its objects there, and the folder itself keeps others out. */
const turnsPath = /[\\/]agents[\\/][^\\/]+[\\/]turns$/;
const singlePaths = [
  ...["serve.json", "serve.lock", "serve.held", "serve.starting", "nats", "bin"],
  ...["layout.json", "fleet.json", "clis.json"],
];
const mostPaths = 20_000;
const freeBytesWanted = 1024 ** 3;
const leftoverAfterMs = 60 * 60 * 1000;

export interface FilesToCheck {
  readonly dataDir: string;
  /** The running serve. It names the files that lie outside of the data directory. */
  readonly server: Pick<ServeFile, "token_file" | "nats_creds" | "tls_key"> | undefined;
  readonly now: Date;
  /** The id of this user; undefined on Windows, where files have no such owner. */
  readonly uid: number | undefined;
}

export async function checkFiles({ dataDir, server, now, uid }: FilesToCheck): Promise<Check[]> {
  const paths: Found[] = [];
  for (const name of singlePaths) await collect(join(dataDir, name), paths, false);
  for (const name of wholeFolders) await collect(join(dataDir, name), paths, true);
  const leftovers = (await namesIn(dataDir)).filter((name) => /^\.(lock-)?[0-9a-f-]{36}$/.test(name));
  for (const name of leftovers) await collect(join(dataDir, name), paths, false);
  const { token_file, nats_creds, tls_key } = server ?? {};
  for (const path of [token_file, nats_creds])
    if (path !== undefined && !path.startsWith(dataDir + sep)) await collect(path, paths, false);
  const bad = [
    ...(await checkDataDir(dataDir, uid)),
    ...paths.flatMap((found) => checkPath(found, uid)),
    ...(tls_key === undefined ? [] : await checkTlsKey(tls_key)),
    ...paths.filter((found) => isLeftover(found, now)).map(({ path }) => leftover(path)),
  ];
  if (bad.length > 0) return bad;
  const what =
    paths.length === 0
      ? `nothing is in ${dataDir} yet`
      : `only this user can read the ${paths.length} private files in ${dataDir}`;
  return [well("files", what)];
}

/** Whether this program can use the data in the directory. */
export async function checkLayout(dataDir: string): Promise<Check[]> {
  try {
    await requireKnownDataDir(dataDir);
    return [];
  } catch (error) {
    if (!(error instanceof CliaiError)) throw error;
    return [finding("files", error.message, error.hint ?? "use the cliai that wrote it")];
  }
}

/** cliai writes them for itself, and makes them anew if they are gone. */
const jsonFiles = ["fleet.json", "clis.json"];

export async function checkJsonFiles(dataDir: string): Promise<Check[]> {
  const checks = jsonFiles.map(async (name): Promise<Check[]> => {
    const path = join(dataDir, name);
    try {
      JSON.parse(await readFile(path, "utf8"));
      return [];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      return [finding("files", `${path} is damaged: ${messageOf(error)}`, `rm ${shellQuote([path])}`)];
    }
  });
  return (await Promise.all(checks)).flat();
}

/** Others may list the directory, because each file in it is private. But they must not own it or be able to write to it. */
async function checkDataDir(path: string, uid: number | undefined): Promise<Check[]> {
  const stats = await stat(path).catch(() => undefined); // not there yet: the first serve makes it
  if (stats === undefined || process.platform === "win32") return [];
  const quoted = shellQuote([path]);
  if (uid !== undefined && stats.uid !== uid) return [foreignOwner(path, stats, uid)];
  const isSticky = (stats.mode & 0o1000) !== 0;
  if ((stats.mode & 0o022) === 0 || isSticky) return [];
  return [
    finding(
      "files",
      `other users can change the files in ${path} (${modeOf(stats)})`,
      `chmod go-w ${quoted}`,
    ),
  ];
}

/** Allows what distributions set up for TLS keys: a group that may read the key, and a symbolic link to it. */
async function checkTlsKey(path: string): Promise<Check[]> {
  const stats = await stat(path).catch(() => undefined); // gone since: the next serve says so
  if (stats === undefined || process.platform === "win32" || (stats.mode & 0o027) === 0) return [];
  return [
    finding("files", `${path} is open to other users (${modeOf(stats)})`, `chmod 600 ${shellQuote([path])}`),
  ];
}

/** Checks the disk of `nats/`, which may be another one than the data directory's; before the first serve, the latter. */
export async function checkDisk(dataDir: string): Promise<Check> {
  for (const dir of [join(dataDir, "nats"), dataDir]) {
    const disk = await statfs(dir).catch(() => undefined); // not there yet, or not ours to see
    if (disk !== undefined) return judgeDisk(dir, disk.bavail * disk.bsize);
  }
  return well("disk", `${dataDir} is not there yet`); // the first serve makes it, or says why it cannot
}

export function judgeDisk(dir: string, freeBytes: number): Check {
  const free = `${(freeBytes / 1024 ** 3).toFixed(1)} GiB free for ${dir}`;
  if (freeBytes >= freeBytesWanted) return well("disk", free);
  return finding("disk", free, "free some space there");
}

interface Found {
  readonly path: string;
  readonly stats: Stats;
}

async function collect(path: string, into: Found[], deep: boolean): Promise<void> {
  const stats = await lstat(path).catch(() => undefined); // not there: nothing to check
  if (stats === undefined || into.length >= mostPaths) return;
  into.push({ path, stats });
  if (!deep || !stats.isDirectory() || turnsPath.test(path)) return;
  for (const name of await namesIn(path)) await collect(join(path, name), into, true);
}

async function namesIn(path: string): Promise<string[]> {
  const names: string[] = await readdir(path).catch(() => []); // absent, or not ours to read: its mode is a finding of its own
  return names.sort();
}

function checkPath({ path, stats }: Found, uid: number | undefined): Check[] {
  const quoted = shellQuote([path]);
  if (stats.isSymbolicLink()) {
    return [
      finding("files", `${path} is a symbolic link, but cliai needs a file of its own there`, `rm ${quoted}`),
    ];
  }
  if (process.platform === "win32") return [];
  if (uid !== undefined && stats.uid !== uid) return [foreignOwner(path, stats, uid)];
  if ((stats.mode & 0o077) === 0) return [];
  const right = stats.isDirectory() || (stats.mode & 0o100) !== 0 ? "700" : "600";
  return [finding("files", `${path} is open to other users (${modeOf(stats)})`, `chmod ${right} ${quoted}`)];
}

function foreignOwner(path: string, { uid: owner }: Stats, uid: number): Check {
  const quoted = shellQuote([path]);
  return finding("files", `${path} belongs to another user (uid ${owner})`, `sudo chown ${uid} ${quoted}`);
}

function modeOf({ mode }: Stats): string {
  return `mode ${(mode & 0o777).toString(8)}`;
}

function isLeftover({ path, stats }: Found, now: Date): boolean {
  return /[\\/]\.(lock-)?[0-9a-f-]{36}$/.test(path) && now.getTime() - stats.mtimeMs > leftoverAfterMs;
}

function leftover(path: string): Check {
  return finding("files", `${path} was left behind by a crash`, `rm ${shellQuote([path])}`);
}
