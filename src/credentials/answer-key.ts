// The key that signs the links of notices by which their recipients answer requests. It is made once, in `keys/answer-links`. Whoever removes it
// makes all links void that were sent before; the next start makes another.
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { keysDirOf } from "../data-dir/data-dir.ts";
import { ensureOwnDir, writePrivateFile } from "../data-dir/private-files.ts";
import { CliaiError, messageOf } from "../domain/text/errors.ts";

/** 256 bits in base64url. */
const keyPattern = /^[\w-]{43}$/;

/** @throws CliaiError `config_invalid` if the file is there and cannot be read, or holds no key; `data_dir_unwritable` */
export async function ensureAnswerKey(dataDir: string): Promise<string> {
  const path = join(keysDirOf(dataDir), "answer-links");
  try {
    const kept = (await readFile(path, "utf8")).trim();
    if (keyPattern.test(kept)) return kept;
    throw new Error("it holds no key");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") {
      throw new CliaiError("config_invalid", `cannot use ${path}: ${messageOf(cause)}`, {
        hint: "restore it from a backup, or remove it; without it, links that were sent before answer nothing",
        cause,
      });
    }
  }
  const made = randomBytes(32).toString("base64url");
  await ensureOwnDir(keysDirOf(dataDir));
  await writePrivateFile(path, `${made}\n`);
  return made;
}
