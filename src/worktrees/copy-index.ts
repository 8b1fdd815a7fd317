// Copies an index of git, for work on it that leaves the user's own as it is.
import { constants } from "node:fs";
import { type FileHandle, open, utimes } from "node:fs/promises";
import { CliaiError } from "../domain/text/errors.ts";

/** That of some two million files. */
const mostIndexBytes = 256 * 1_024 ** 2;
const chunkBytes = 1_024 ** 2;

/**
 * Nothing is copied if nothing was ever added. The copy has the time of the first one, to the second before: git, which compares whole seconds,
 * takes a file that was written in the second of its index, or later, for unchanged only if its text is the same; by a newer copy, it would
 * believe the time and the size alone, and a change would be overlooked.
 * @throws CliaiError `refused` if what stands there is no file, or too large
 */
export async function copyIndex(from: string, to: string): Promise<void> {
  // A pipe in its place is opened without waiting for a writer: that would hold up all other files.
  const source = await open(from, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined; // nothing was ever added there
      throw notAnIndex(from, error.code ?? error.message);
    },
  );
  if (source === undefined) return;
  try {
    const found = await source.stat();
    if (!found.isFile()) throw notAnIndex(from, "it is no file");
    if (found.size > mostIndexBytes) throw notAnIndex(from, `it has ${found.size} bytes`);
    await copyBytes(source, to, found.size);
    const writtenS = Math.floor(found.mtimeMs / 1_000);
    await utimes(to, writtenS, writtenS);
  } finally {
    await source.close();
  }
}

function notAnIndex(path: string, why: string): CliaiError {
  return new CliaiError("refused", `${path} is not read as git's index: ${why}`, {
    hint: "see what stands there; git makes a new one: git reset",
  });
}

async function copyBytes(source: FileHandle, to: string, size: number): Promise<void> {
  const target = await open(to, "w", 0o600);
  try {
    const chunk = new Uint8Array(Math.min(size, chunkBytes));
    for (let at = 0; at < size; ) {
      const { bytesRead } = await source.read(chunk, 0, Math.min(chunk.length, size - at), at);
      if (bytesRead === 0) return; // it was made shorter meanwhile: git says what is wrong with it
      await target.write(chunk, 0, bytesRead);
      at += bytesRead;
    }
  } finally {
    await target.close();
  }
}
