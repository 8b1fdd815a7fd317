// `serve.json`, by which clients of a data directory find its server. serve writes it when it is ready, and removes it when
// it ends.
import { readFileSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import { decodeMessage } from "../domain/wire/decode.ts";
import { writePrivateFile } from "./private-files.ts";

const ServeFileSchema = v.looseObject({
  /** Of the dashboard and the API. */
  url: v.pipe(v.string(), v.url("url is not a URL")),
  nats_url: v.string(),
  data_dir: v.string(),
  version: v.string(),
  nats_version: v.string(),
  pid: v.number(),
  /** Another one at each start. */
  instance: v.string(),
  insecure: v.optional(v.boolean()),
  /** The path of the credentials that this user's commands connect with. */
  nats_creds: v.optional(v.string()),
  /** The path of the HTTP token. */
  token_file: v.optional(v.string()),
  /** Where the key of its certificate is. */
  tls_key: v.optional(v.string()),
});
export type ServeFile = v.InferOutput<typeof ServeFileSchema>;

export function serveFilePath(dataDir: string): string {
  return join(dataDir, "serve.json");
}

export async function writeServeFile(dataDir: string, content: ServeFile): Promise<void> {
  await writePrivateFile(serveFilePath(dataDir), `${JSON.stringify(content, null, 2)}\n`);
}

/** Removes the file if this start wrote it, and leaves another serve's alone. Synchronous, for the end by a second signal. */
export function removeServeFile(dataDir: string, instance: string): void {
  const path = serveFilePath(dataDir);
  try {
    const { instance: present } = decodeMessage(ServeFileSchema, readFileSync(path));
    if (present === instance) rmSync(path, { force: true });
  } catch {
    // There is none, or one that is not ours to judge.
  }
}

/**
 * Undefined when no server says that it runs on this directory.
 * @throws CliaiError `config_invalid`, naming the file, when it cannot be read or understood
 */
export async function readServeFile(dataDir: string): Promise<ServeFile | undefined> {
  const path = serveFilePath(dataDir);
  try {
    return decodeMessage(ServeFileSchema, await readFile(path));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    const damaged = cause instanceof CliaiError;
    throw new CliaiError("config_invalid", `cannot read ${path}: ${messageOf(cause)}`, {
      hint: damaged
        ? "remove it, then start the server again: cliai serve"
        : "make it readable for your user",
      cause,
    });
  }
}
