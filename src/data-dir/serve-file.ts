// `serve.json`, by which the commands find the server of a data directory. serve writes it when it is ready, and removes it
// when it ends.
import { readFileSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import { decodeMessage } from "../domain/wire/decode.ts";
import { writePrivateFile } from "./private-files.ts";

const ServeFileSchema = v.looseObject({
  /** The address of the dashboard and the API. */
  url: v.pipe(v.string(), v.url("url is not a URL")),
  nats_url: v.string(),
  data_dir: v.string(),
  version: v.string(),
  /** The commit of the build; absent in a file of 0.2.0. */
  commit: v.optional(v.string()),
  nats_version: v.string(),
  pid: v.number(),
  /** A new one at each start. */
  instance: v.string(),
  insecure: v.optional(v.boolean()),
  /** The path of the operator's credentials, with which a person's commands connect. */
  nats_creds: v.optional(v.string()),
  /** The path of the HTTP token. */
  token_file: v.optional(v.string()),
  /** The agents that serve launches again at its start; absent if there is none, and in a file of 0.2.0. */
  resuming: v.optional(v.array(v.string())),
  /** The PATH of serve, in which the agents that it launches find their CLIs. Absent in a file of 0.2.0. */
  search_path: v.optional(v.string()),
  /** Where phones reach serve, if it was started with `--phone`. */
  phone: v.optional(
    v.object({
      url: v.string(),
      /** The SHA-256 fingerprint of a certificate that serve has made itself. */
      fingerprint: v.optional(v.string()),
    }),
  ),
  /** The path of the private key of the TLS certificate. */
  tls_key: v.optional(v.string()),
});
export type ServeFile = v.InferOutput<typeof ServeFileSchema>;
export type PhoneAddress = NonNullable<ServeFile["phone"]>;

export function serveFilePath(dataDir: string): string {
  return join(dataDir, "serve.json");
}

export async function writeServeFile(dataDir: string, content: ServeFile): Promise<void> {
  await writePrivateFile(serveFilePath(dataDir), `${JSON.stringify(content, null, 2)}\n`);
}

/** Removes the file if this instance wrote it. Synchronous, because it is also called when a second signal ends serve. */
export function removeServeFile(dataDir: string, instance: string): void {
  const path = serveFilePath(dataDir);
  try {
    const { instance: present } = decodeMessage(ServeFileSchema, readFileSync(path));
    if (present === instance) rmSync(path, { force: true });
  } catch {
    // There is no file, or another program wrote it.
  }
}

/**
 * Undefined if there is no file, so that no server runs on this directory.
 * @throws CliaiError `config_invalid` with the path, if the file cannot be read or is damaged
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
