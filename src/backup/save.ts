// This room saves a data directory in one file, and restores it from there (docs/backup.md).
//
// Saves the files of a data directory and the streams of its store.
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { CliaiError } from "../domain/text/errors.ts";
import { buckets, streams } from "../domain/wire/subjects.ts";
import type { Bus } from "../nats/bus.ts";
import { bucketStream } from "../nats/jetstream/bucket.ts";
import { listStreams, takeSnapshot } from "../nats/jetstream/snapshot.ts";
import { formatVersion, type Manifest, savingOrder } from "./backup-format.ts";
import { type KeptFile, type LeftOut, listKeptFiles } from "./kept-files.ts";
import { type ArchiveWriter, writeArchive } from "./write-archive.ts";

/** A tar entry names its size first, so a snapshot, whose size is not known before its end, is cut into pieces that fit into the memory. */
const pieceBytes = 8 * 1024 * 1024;
const readBytes = 1024 * 1024;

export interface SaveOptions {
  readonly path: string;
  readonly dataDir: string;
  /** The connection to the store; undefined if the streams are not in the data directory. */
  readonly bus: Bus | undefined;
  readonly facts: Pick<Manifest, "cliai" | "layout" | "insecure" | "part">;
  /** Which files, by their paths, and which streams are saved; default all. */
  readonly isSaved?: { file(path: string): boolean; stream(name: string): boolean };
  readonly now: Date;
  /** Called before each stream. */
  readonly onStream: (stream: SavedStream) => void;
  /** Ends the saving. */
  readonly signal: AbortSignal;
}

export interface SavedStream {
  readonly name: string;
  readonly messages: number;
  readonly bytes: number;
}

export interface Saved {
  readonly bytes: number;
  readonly files: number;
  readonly streams: readonly SavedStream[];
  readonly left: readonly LeftOut[];
}

/**
 * The server may run meanwhile. The backup is then as if the server had been killed while it was made.
 * @throws CliaiError
 */
export async function saveBackup(options: SaveOptions): Promise<Saved> {
  const { path, dataDir, bus, facts, now, isSaved } = options;
  const { files: all, left } = await listKeptFiles(dataDir);
  const files = all.filter((file) => isSaved?.file(file.path) ?? true);
  const saved: SavedStream[] = [];
  const bytes = await writeArchive(path, now, async (writer) => {
    const nats = bus === undefined ? {} : { nats_server: bus.serverVersion };
    const head = { format: "cliai-backup" as const, version: formatVersion, created_at: now.toISOString() };
    const manifest: Manifest = { ...head, ...facts, ...nats };
    await addText(writer, { of: "manifest" }, manifest);
    // Files before streams: what keys/audit-head.json says was signed must be in AUDIT.
    for (const file of files) {
      options.signal.throwIfAborted();
      await addFile(writer, dataDir, file);
    }
    if (bus === undefined) return;
    const names = (await listStreams(bus)).filter((name) => isSaved?.stream(name) ?? true);
    for (const name of orderOf(names)) saved.push(await addStream(writer, bus, name, options));
  });
  const count = files.filter(({ isFolder }) => !isFolder).length;
  return { bytes, files: count, streams: saved, left };
}

/** The bucket `serve` says how far AUDIT was read, so it comes first. AUDIT copies COMMANDS, which comes last. */
function orderOf(names: readonly string[]): string[] {
  const isBucket = (name: string) => name.startsWith(bucketStream(""));
  const first = [bucketStream(buckets.serve), ...names.filter(isBucket).sort()];
  return savingOrder(names, { first: [...new Set(first)], last: [streams.audit, streams.commands] });
}

async function addText(
  writer: ArchiveWriter,
  place: Parameters<ArchiveWriter["add"]>[0],
  value: object,
): Promise<void> {
  const text = Buffer.from(`${JSON.stringify(value)}\n`);
  await writer.add(place, { bytes: text.length }, [text]);
}

async function addFile(
  writer: ArchiveWriter,
  dataDir: string,
  { path, isFolder, isLink = false }: KeptFile,
): Promise<void> {
  if (isFolder) return await writer.addFolder(path);
  const noFollow = isLink ? 0 : (constants.O_NOFOLLOW ?? 0);
  const handle = await open(join(dataDir, path), constants.O_RDONLY | noFollow).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined; // removed meanwhile
      throw new CliaiError("failed", `cannot read ${join(dataDir, path)}: ${error.message}`, {
        hint: "make it readable for your user",
        cause: error,
      });
    },
  );
  if (handle === undefined) return;
  try {
    const { size, mode } = await handle.stat();
    const entry = { bytes: size, isExecutable: (mode & 0o100) !== 0 };
    await writer.add({ of: "file", path }, entry, partsOf(handle, size, path));
  } finally {
    await handle.close();
  }
}

/** The first `size` bytes: of a file that grows, as much as it had. */
async function* partsOf(handle: FileHandle, size: number, path: string): AsyncGenerator<Uint8Array, void> {
  for (let left = size; left > 0; ) {
    const buffer = new Uint8Array(Math.min(left, readBytes));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length);
    if (bytesRead === 0)
      throw new CliaiError("failed", `${path} became shorter while it was saved`, { hint: "try again" });
    left -= bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

async function addStream(
  writer: ArchiveWriter,
  bus: Bus,
  name: string,
  { onStream, signal }: SaveOptions,
): Promise<SavedStream> {
  const { head, chunks } = await takeSnapshot(bus, name);
  const { messages, bytes } = head.state;
  const saved = { name, messages, bytes };
  onStream(saved);
  await addText(writer, { of: "head", stream: name }, head);
  let number = 0;
  let piece: Uint8Array[] = [];
  let size = 0;
  const addPiece = async () => {
    number += 1;
    await writer.add({ of: "piece", stream: name, number }, { bytes: size }, piece);
    piece = [];
    size = 0;
  };
  for await (const chunk of chunks) {
    signal.throwIfAborted();
    piece.push(chunk);
    size += chunk.length;
    if (size >= pieceBytes) await addPiece();
  }
  if (size > 0) await addPiece();
  return saved;
}
