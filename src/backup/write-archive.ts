// Writes the file of a backup: a tar file whose last entry lists the checksum of each entry before it. The file appears under its name
// only when it is whole and on the disk.
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { createTarPacker } from "modern-tar";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import { checksumsName, type EntryPlace, nameOf } from "./backup-format.ts";
import { flushFolder } from "./flush.ts";
import { beginUnfinished } from "./unfinished.ts";

export interface ArchiveWriter {
  /** The bytes written so far. */
  size(): number;
  /** @param parts the content, in as many parts as it is in memory; their lengths are `bytes` together */
  add(
    place: EntryPlace,
    entry: { readonly bytes: number; readonly isExecutable?: boolean },
    parts: Parts,
  ): Promise<void>;
  addFolder(path: string): Promise<void>;
}
type Parts = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * @param fill adds all entries but the last
 * @returns the size of the file
 * @throws CliaiError `failed` if the file cannot be written, and what `fill` throws; then there is no file, or the one that was there
 */
export async function writeArchive(
  path: string,
  now: Date,
  fill: (writer: ArchiveWriter) => Promise<void>,
): Promise<number> {
  const temporary = await beginUnfinished(path, "saving");
  try {
    return await writeWhole(temporary.path, path, now, fill);
  } finally {
    await temporary.end();
  }
}

async function writeWhole(
  temporary: string,
  path: string,
  now: Date,
  fill: (writer: ArchiveWriter) => Promise<void>,
): Promise<number> {
  const handle = await open(
    temporary,
    constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY,
    0o600,
  ).catch((cause) => {
    throw unwritable(path, cause);
  });
  try {
    const size = await writeEntries(handle, now, fill);
    await handle.sync();
    await handle.close();
    await rename(temporary, path);
    await flushFolder(dirname(path));
    return size;
  } catch (error) {
    await handle.close().catch(() => undefined); // it is closed already
    await rm(temporary, { force: true });
    throw error instanceof CliaiError ? error : unwritable(path, error);
  }
}

async function writeEntries(
  handle: FileHandle,
  now: Date,
  fill: (writer: ArchiveWriter) => Promise<void>,
): Promise<number> {
  const { readable, controller } = createTarPacker();
  let size = 0;
  const written = (async () => {
    for await (const chunk of readable) {
      await handle.writeFile(chunk);
      size += chunk.length;
    }
  })();
  const sums: string[] = [];
  const begin = (name: string, bytes: number, mode: number) =>
    controller.add({ name, size: bytes, mode, mtime: now, type: "file" }).getWriter();
  const writer: ArchiveWriter = {
    size: () => size,
    async add(place, { bytes, isExecutable = false }, parts) {
      const name = nameOf(place);
      const hash = createHash("sha256");
      const body = begin(name, bytes, isExecutable ? 0o700 : 0o600);
      for await (const part of parts) {
        hash.update(part);
        await body.write(part);
      }
      await body.close();
      sums.push(`${hash.digest("hex")}  ${name}\n`);
    },
    async addFolder(folder) {
      const header = { name: `${nameOf({ of: "file", path: folder })}/`, size: 0, mode: 0o700, mtime: now };
      await controller.add({ ...header, type: "directory" }).close();
    },
  };
  const filled = (async () => {
    await fill(writer);
    const list = Buffer.from(sums.join(""));
    const body = begin(checksumsName, list.length, 0o600);
    await body.write(list);
    await body.close();
    controller.finalize();
  })();
  filled.catch((error: unknown) => controller.error(error));
  // If one fails, so does the other. The reason is with `written`.
  for (const outcome of await Promise.allSettled([written, filled]))
    if (outcome.status === "rejected") throw outcome.reason;
  return size;
}

function unwritable(path: string, cause: unknown): CliaiError {
  return new CliaiError("failed", `cannot write ${path}: ${messageOf(cause)}`, {
    hint: "choose a folder that you may write to, on a disk with enough space",
    cause,
  });
}
