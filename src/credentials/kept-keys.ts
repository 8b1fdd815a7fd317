// Reads keys of this server's own from `keys/`, or makes them: once, for this user alone. A file that cannot be used is never replaced, because
// what was made with its keys would be void.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { keysDirOf } from "../data-dir/data-dir.ts";
import { ensureOwnDir, writePrivateFile } from "../data-dir/private-files.ts";
import { CliaiError, messageOf } from "../domain/text/errors.ts";

export interface KeptKeys<T> {
  /** The name of the file. */
  readonly file: string;
  /** What the file holds, such as `keys for push messages`. */
  readonly what: string;
  /** What becomes of it without the keys, as a sentence. */
  readonly withoutThem: string;
  /** @throws if the content holds no keys */
  readonly parse: (content: Uint8Array) => T;
  /** Makes the content of a new file. */
  readonly make: () => string | Promise<string>;
}

/** @throws CliaiError `config_invalid` if the file is there and cannot be read, or holds no keys; `data_dir_unwritable` */
export async function ensureKeptKeys<T>(dataDir: string, keys: KeptKeys<T>): Promise<T> {
  const { file, what, withoutThem, parse, make } = keys;
  const path = join(keysDirOf(dataDir), file);
  const kept = await readKept(path, withoutThem);
  if (kept === undefined) {
    const made = await make();
    await ensureOwnDir(keysDirOf(dataDir));
    await writePrivateFile(path, made);
    return parse(new TextEncoder().encode(made));
  }
  try {
    return parse(kept);
  } catch (cause) {
    throw new CliaiError("config_invalid", `${path} holds no ${what}`, {
      hint: `restore it from a backup, or remove it; without it, ${withoutThem}`,
      cause,
    });
  }
}

async function readKept(path: string, withoutThem: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new CliaiError("config_invalid", `cannot use ${path}: ${messageOf(cause)}`, {
      hint: `make it readable for the user of this server, or restore it from a backup; without it, ${withoutThem}`,
      cause,
    });
  }
}
