// Reads a file of settings that decides what this program runs, or that holds secrets: only if no other user of the machine can change it, or
// even read it. Watches it for changes.
import { constants, type Stats } from "node:fs";
import { open, stat } from "node:fs/promises";
import process from "node:process";
import { CliaiError, messageOf } from "../domain/text/errors.ts";

const mostBytes = 1_024 ** 2;
const lookEveryMs = 1_000;

export interface OwnFile {
  readonly path: string;
  /** Whether the file holds secrets, so that only its owner may read it. */
  readonly isSecret: boolean;
}

/**
 * Undefined if there is no such file.
 * @throws CliaiError `config_invalid` if it cannot be read, or if other users can change it, or with `isSecret` read it
 */
export async function readOwnFile({ path, isSecret }: OwnFile): Promise<string | undefined> {
  try {
    // O_NONBLOCK, because opening a pipe would wait for its writer.
    const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) throw new Error("it is not a file");
      if (stats.size > mostBytes) throw new Error(`it has more than ${mostBytes} bytes`);
      requireOwn(path, stats, isSecret);
      return await handle.readFile("utf8");
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof CliaiError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new CliaiError("config_invalid", `cannot read ${path}: ${messageOf(error)}`, {
      hint: "make it a file that you can read, or remove it",
    });
  }
}

function requireOwn(path: string, { mode, uid }: Stats, isSecret: boolean): void {
  if (process.platform === "win32") return; // files have no such modes there
  const own = process.getuid?.();
  if (own !== undefined && uid !== own && uid !== 0) {
    throw new CliaiError("config_invalid", `${path} is not used: it belongs to another user (uid ${uid})`, {
      hint: `make it yours: sudo chown ${own} ${path}`,
    });
  }
  const forbidden = isSecret ? 0o077 : 0o022;
  if ((mode & forbidden) === 0) return;
  const what = isSecret ? "other users can read it, and it may hold secrets" : "other users can change it";
  throw new CliaiError(
    "config_invalid",
    `${path} is not used: ${what} (mode ${(mode & 0o777).toString(8)})`,
    {
      hint: `chmod ${isSecret ? "600" : "go-w"} ${path}`,
    },
  );
}

/** What was read: the text, undefined for no file, or why it cannot be used. */
export type OwnFileRead = string | undefined | CliaiError;

export interface FileWatch {
  /** Resolves when the file has been read for the first time, and `onRead` was called. */
  readonly first: Promise<void>;
  stop(): void;
}

/** Calls `onRead` with what the file holds, at once and whenever it has changed. */
export function watchOwnFile(file: OwnFile, onRead: (read: OwnFileRead) => void): FileWatch {
  let known: string | undefined;
  let looking: Promise<void> | undefined;
  const look = async () => {
    const mark = await markOf(file.path);
    if (mark === known) return;
    known = mark;
    onRead(await readOwnFile(file).catch((error: unknown) => error as CliaiError));
  };
  const lookOnce = () => {
    looking ??= look().finally(() => {
      looking = undefined;
    });
    return looking;
  };
  const timer = setInterval(() => void lookOnce(), lookEveryMs);
  return { first: lookOnce(), stop: () => clearInterval(timer) };
}

/** Changes with each change of the file, of its modes, and of whether it is there. */
async function markOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeMs, ctimeMs, mode } = await stat(path);
    return [ino, size, mtimeMs, ctimeMs, mode].join(" ");
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "unreadable";
  }
}
