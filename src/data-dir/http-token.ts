// The file of the HTTP token. serve makes it at its first start and watches it; `cliai token rotate` replaces it.
// src/web/access/access.ts decides what the token allows.
import { closeSync, constants, fstatSync, openSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import type { Logger } from "../log.ts";
import { keysDirOf } from "./data-dir.ts";
import { ensureOwnDir, writePrivateFile } from "./private-files.ts";

/** serve notices a new token at the next request, or after this time. */
const lookEveryMs = 250;

/** At least 32 characters, so that nobody can guess the token. */
const tokenPattern = /^[\x21-\x7e]{32,512}$/;

export function httpTokenPath(dataDir: string): string {
  return join(keysDirOf(dataDir), "http-token");
}

/**
 * Makes a token of 256 bits if there is none. Returns the path of its file.
 * @throws CliaiError `data_dir_unwritable`
 */
export async function ensureHttpToken(dataDir: string): Promise<string> {
  const path = httpTokenPath(dataDir);
  await ensureOwnDir(keysDirOf(dataDir));
  try {
    readHttpToken(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
    await writeFreshToken(path);
  }
  return path;
}

/** Replaces the token; a running serve uses the new one at once. */
export async function rotateHttpToken(dataDir: string): Promise<void> {
  await ensureOwnDir(keysDirOf(dataDir));
  await writeFreshToken(httpTokenPath(dataDir));
}

async function writeFreshToken(path: string): Promise<void> {
  // By the global `crypto`: node:crypto takes 2 ms to load (Bun 1.4.5), and every command reads this file.
  const bytes = Buffer.from(crypto.getRandomValues(new Uint8Array(32)));
  await writePrivateFile(path, `${bytes.toString("base64url")}\n`);
}

/**
 * @param path a symbolic link at this path is refused
 * @throws CliaiError `config_invalid` if the file is missing, cannot be read, or holds no token
 */
export function readHttpToken(path: string): string {
  let text: string;
  try {
    const file = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    try {
      if (!fstatSync(file).isFile()) throw new Error("it is not a file");
      text = readFileSync(file, "utf8").trim();
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why =
      code === "ENOENT"
        ? "there is no such file"
        : code === "ELOOP"
          ? "a symbolic link stands in its place"
          : messageOf(cause);
    throw new CliaiError("config_invalid", `cannot read the token in ${path}: ${why}`, {
      hint: "make a new one: cliai token rotate; for --token-file, name a file that you can read",
      cause,
    });
  }
  if (tokenPattern.test(text)) return text;
  throw new CliaiError(
    "config_invalid",
    `${path} holds no token: a token has 32 or more characters on one line`,
    {
      hint: "make one: cliai token rotate; for --token-file: openssl rand -base64 32 > FILE",
    },
  );
}

export interface HttpTokenWatch {
  /** The present token; undefined if it cannot be read, which is logged once. */
  readonly token: () => string | undefined;
  readonly onRotated: (listener: () => void) => () => void;
  stop(): void;
}

/** @throws CliaiError `config_invalid` if there is no token when the watch begins */
export function watchHttpToken(path: string, log: Logger): HttpTokenWatch {
  let known: string | undefined = readHttpToken(path);
  if (process.platform !== "win32" && (statSync(path).mode & 0o077) !== 0) {
    log.warn(
      `other users of this machine can read the HTTP token; run: chmod 600 ${path}, then: cliai token rotate`,
    );
  }
  const listeners = new Set<() => void>();
  const token = () => {
    let now: string | undefined;
    try {
      now = readHttpToken(path);
    } catch (error) {
      if (known !== undefined) log.error(`nobody can sign in: ${messageOf(error)}`);
    }
    if (now === known) return now;
    known = now;
    log.info("the HTTP token has changed: every browser is signed out");
    for (const listener of [...listeners]) listener();
    return now;
  };
  const timer = setInterval(token, lookEveryMs);
  timer.unref();
  return {
    token,
    onRotated: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    stop: () => clearInterval(timer),
  };
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && (error.cause as NodeJS.ErrnoException | undefined)?.code === "ENOENT";
}
