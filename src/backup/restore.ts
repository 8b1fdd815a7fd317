// Makes a data directory from a backup. The directory appears only when all of it is restored and on the disk.
import { chmod, mkdir, open, readdir, realpath, rename, rm, rmdir, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ensurePrivateDir, unwritable } from "../data-dir/private-files.ts";
import { layoutVersion } from "../domain/layout.ts";
import { CliaiError, firstError, isFullDisk, messageOf } from "../domain/text/errors.ts";
import { agentOrderTopics, everyAgentSubject } from "../domain/wire/subjects.ts";
import type { Bus } from "../nats/bus.ts";
import { restoreStream, resumeCopying, type StreamHead } from "../nats/jetstream/snapshot.ts";
import type { Manifest } from "./backup-format.ts";
import { flushFolder, flushTree } from "./flush.ts";
import { isOfJoinCodes } from "./kept-files.ts";
import { type Archived, readArchive } from "./read-archive.ts";
import type { SavedStream } from "./save.ts";
import { beginUnfinished } from "./unfinished.ts";

export interface RestoreOptions {
  readonly path: string;
  /** Must be empty, or not there. */
  readonly dataDir: string;
  /** Runs a nats-server on the store of a data directory while `work` runs. */
  readonly withStore: (
    dataDir: string,
    manifest: Manifest,
    work: (bus: Bus) => Promise<void>,
  ) => Promise<void>;
  /** Called when all streams are restored, while nats-server still runs. */
  readonly onRestored: (dataDir: string, bus: Bus) => Promise<void>;
  /** Called before each stream. */
  readonly onStream: (stream: SavedStream) => void;
  /** Ends the restoring. */
  readonly signal: AbortSignal;
}

export interface Restored extends BackupFacts {
  readonly dataDir: string;
}

export interface BackupFacts {
  readonly manifest: Manifest;
  /** What the streams reserve of the disk. */
  readonly reservedBytes: number;
  readonly files: number;
  readonly streams: readonly SavedStream[];
}

/**
 * Reads the whole backup before it writes anything.
 * @throws CliaiError `usage` if the directory is not empty; `config_invalid` for a file that is no whole backup, or of a newer cliai. Then,
 * and after every other error, the directory is as it was
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const dataDir = await requireEmpty(options.dataDir);
  const facts = await checkBackup(options.path, options.signal);
  const { part } = facts.manifest;
  if (part !== undefined) {
    throw new CliaiError(
      "config_invalid",
      `${options.path} has only ${part}, so no data directory can be made from it`,
      {
        hint: "use a file that `cliai backup` wrote; docs/backup.md says what this one is for",
      },
    );
  }
  const parent = dirname(dataDir);
  await ensurePrivateDir(parent);
  const unfinished = await beginUnfinished(dataDir, "restoring");
  const { path } = unfinished;
  try {
    await mkdir(path, { mode: 0o700 }).catch((cause) => {
      throw unwritable(path, cause);
    });
    await unpack(path, facts.manifest, options);
    await flushTree(path);
    await putInPlace(path, dataDir);
    await flushFolder(parent);
  } catch (error) {
    options.signal.throwIfAborted();
    throw await withFreeSpace(firstError(error), { dataDir, parent }, facts);
  } finally {
    await rm(path, { recursive: true, force: true }); // it is there only if something has failed
    await unfinished.end();
  }
  return { ...facts, dataDir };
}

/** Of the free space, nats-server lets streams reserve three quarters. */
const reservable = 0.75;

/** The same error, if it is not for a full disk. */
async function withFreeSpace(
  error: unknown,
  { dataDir, parent }: { readonly dataDir: string; readonly parent: string },
  { reservedBytes }: BackupFacts,
): Promise<unknown> {
  const isStoreFull = error instanceof CliaiError && error.code === "store_unavailable";
  if (!isStoreFull && !isFullDisk(error)) return error;
  const { bavail, bsize } = await statfs(parent);
  const free = Math.floor((bavail * bsize) / 1e6);
  const needed = Math.ceil(reservedBytes / reservable / 1e6);
  const reserved = reservedBytes === 0 ? "" : `; its streams need ${needed} MB, most of it in reserve`;
  return new CliaiError("store_unavailable", `cannot restore ${dataDir}: ${messageOf(error)}`, {
    hint: `${free} MB are free there${reserved}: free space, or restore on another disk: --data-dir DIR`,
    cause: error,
  });
}

/**
 * Reads a whole backup, and writes nothing.
 * @throws CliaiError `config_invalid`
 */
export async function checkBackup(path: string, signal: AbortSignal): Promise<BackupFacts> {
  let manifest: Manifest | undefined;
  let files = 0;
  let reservedBytes = 0;
  const streams: SavedStream[] = [];
  for await (const entry of readArchive(path)) {
    signal.throwIfAborted();
    if (entry.of === "manifest") {
      ({ manifest } = entry);
      requireKnown(manifest, path);
    } else if (entry.of === "file") files += 1;
    else if (entry.of === "stream") {
      const { messages, bytes } = entry.head.state;
      streams.push({ name: entry.head.config.name, messages, bytes });
      reservedBytes += Math.max(entry.head.config.max_bytes ?? 0, 0);
    } else if (entry.of === "piece") await drain(entry.body, signal);
  }
  if (manifest === undefined)
    throw new CliaiError("config_invalid", `${path} is empty`, { hint: "use another backup" });
  return { manifest, files, streams, reservedBytes };
}

async function drain(body: AsyncIterable<unknown>, signal: AbortSignal): Promise<void> {
  for await (const _ of body) signal.throwIfAborted();
}

function requireKnown({ layout, cliai }: Manifest, path: string): void {
  if (layout <= layoutVersion) return;
  const message = `${path} has layout ${layout}, of cliai ${cliai}: this cliai knows layout ${layoutVersion}`;
  throw new CliaiError("config_invalid", message, { hint: "restore it with that cliai or a newer one" });
}

/** @returns the directory's own path, if a symbolic link was named */
async function requireEmpty(dataDir: string): Promise<string> {
  let names: string[];
  try {
    names = await readdir(dataDir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return dataDir;
    throw unwritable(dataDir, error);
  }
  if (names.length === 0) return await realpath(dataDir);
  throw new CliaiError(
    "usage",
    `${dataDir} is not empty: a backup is restored only into an empty directory`,
    {
      hint: "name another one (--data-dir DIR), or see what is in it: cliai uninstall",
    },
  );
}

async function unpack(dir: string, manifest: Manifest, options: RestoreOptions): Promise<void> {
  const entries = readArchive(options.path);
  try {
    const first = await unpackFiles(entries, dir, options.signal);
    if (first === undefined) return;
    await options.withStore(dir, manifest, async (bus) => {
      const heads: StreamHead[] = [];
      for (let entry: StreamEntry | undefined = first; entry !== undefined; ) {
        heads.push(entry.head);
        entry = await unpackStream(entries, entry, bus, options);
      }
      for (const head of heads) await resumeCopying(bus, head, copiedSubjects);
      await options.onRestored(dir, bus);
    });
  } finally {
    await entries.return();
  }
}

/** On these, AUDIT has copies of what is in COMMANDS. */
const copiedSubjects = agentOrderTopics.map(everyAgentSubject);

type StreamEntry = Extract<Archived, { of: "stream" }>;

/** Writes the files and folders. @returns the first stream; undefined if there is none */
async function unpackFiles(
  entries: AsyncGenerator<Archived, void>,
  dir: string,
  signal: AbortSignal,
): Promise<StreamEntry | undefined> {
  for (;;) {
    const { value: entry } = await entries.next();
    if (!entry || entry.of === "stream") return entry || undefined;
    signal.throwIfAborted();
    if ("path" in entry && isOfJoinCodes(entry.path)) continue; // an earlier cliai saved them
    if (entry.of === "folder") await mkdir(join(dir, entry.path), { recursive: true, mode: 0o700 });
    else if (entry.of === "file") await writeFile(join(dir, entry.path), entry);
  }
}

async function writeFile(
  path: string,
  { isExecutable, body }: Extract<Archived, { of: "file" }>,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const handle = await open(path, "wx", 0o600).catch((cause) => {
    throw unwritable(path, cause);
  });
  try {
    for await (const chunk of body) await handle.writeFile(chunk);
  } finally {
    await handle.close();
  }
  if (isExecutable) await chmod(path, 0o700);
}

/** @returns the next stream; undefined after the last one */
async function unpackStream(
  entries: AsyncGenerator<Archived, void>,
  { head }: StreamEntry,
  bus: Bus,
  { onStream, signal }: RestoreOptions,
): Promise<StreamEntry | undefined> {
  const { messages, bytes } = head.state;
  onStream({ name: head.config.name, messages, bytes });
  let next: StreamEntry | undefined;
  async function* pieces() {
    for (;;) {
      const { value: entry } = await entries.next();
      if (entry?.of !== "piece") {
        next = entry?.of === "stream" ? entry : undefined;
        return;
      }
      for await (const chunk of entry.body) {
        signal.throwIfAborted();
        yield chunk;
      }
    }
  }
  await restoreStream(bus, head, pieces());
  return next;
}

async function putInPlace(from: string, dataDir: string): Promise<void> {
  try {
    if (process.platform === "win32") await rmdir(dataDir).catch(unlessAbsent);
    await rename(from, dataDir); // elsewhere, an empty directory is replaced
  } catch (cause) {
    throw new CliaiError(
      "data_dir_unwritable",
      `cannot put the restored files at ${dataDir}: ${messageOf(cause)}`,
      {
        hint: "if it is a mount point, restore into a folder in it: --data-dir DIR",
        cause,
      },
    );
  }
}

function unlessAbsent(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}
