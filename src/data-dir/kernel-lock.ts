// A lock that the kernel holds for a process and releases when the process ends, so nobody has to judge whether the holder
// lives. It is SQLite's exclusive lock on an empty database file, which works on Linux, macOS and Windows, and across
// network and process namespaces of one machine. Nothing else may open that file: on POSIX, closing it anywhere in the
// holding process releases the lock.

import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { pause } from "../waiting.ts";
import { unwritable } from "./private-files.ts";

export interface KernelLock {
  release(): void;
}

/** Keeps the held locks reachable: a garbage-collected one would be closed, and its lock released. */
const held = new Set<DatabaseSync>();

/** `isKernelLocked` and a failed try block the file for a moment, so a try is repeated for this long. */
const looksEndWithinMs = 500;
const mostSpacingMs = 25;

/**
 * Takes the lock. Undefined if another process, or another part of this one, holds it. Creates the file, which stays.
 * @throws CliaiError `data_dir_unwritable`
 */
export async function takeKernelLock(path: string): Promise<KernelLock | undefined> {
  const deadline = performance.now() + looksEndWithinMs;
  for (;;) {
    const lock = await tryLock(path);
    if (lock !== undefined || performance.now() > deadline) return lock;
    // A random pause, because two processes that try at the same moments would block each other.
    await pause(Math.random() * mostSpacingMs);
  }
}

/**
 * Whether somebody holds the lock. Without the file, nobody does.
 * @throws CliaiError `data_dir_unwritable`
 */
export function isKernelLocked(path: string): boolean {
  if (!existsSync(path)) return false;
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: true });
    database.exec("PRAGMA busy_timeout = 0");
    database.prepare("SELECT count(*) FROM sqlite_schema").get();
    return false;
  } catch (error) {
    if (isBusy(error)) return true;
    throw unwritable(path, error);
  } finally {
    database?.close();
  }
}

async function tryLock(path: string): Promise<KernelLock | undefined> {
  let database: DatabaseSync | undefined;
  try {
    // Make the file for this user only, because SQLite would make it readable for everybody.
    if (!existsSync(path)) await writeFile(path, "", { mode: 0o600, flag: "wx" }).catch(unlessThere);
    database = new DatabaseSync(path);
    // With the journal in memory, a killed holder leaves no other file behind.
    database.exec("PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (error) {
    database?.close();
    if (isBusy(error)) return undefined;
    throw unwritable(path, error);
  }
  const own = database;
  held.add(own);
  return {
    release() {
      if (held.delete(own)) own.close();
    },
  };
}

function unlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== "EEXIST") throw error;
}

/** Whether it is SQLITE_BUSY. Deno 2.9 gives no code, so the text is compared. */
function isBusy(error: unknown): boolean {
  const { errcode, message = "" } = error as { readonly errcode?: number; readonly message?: string };
  return errcode === undefined ? message.includes("database is locked") : (errcode & 0xff) === 5;
}
