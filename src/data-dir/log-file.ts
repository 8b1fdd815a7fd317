// The logs of processes without a terminal: `logs/serve.log`, and `host.log` in an agent's folder. The process writes there by its
// stderr, which is opened for appending: a full log is copied to `….log.1` and cut to nothing, and writing goes on at its start.
import {
  closeSync,
  constants,
  copyFileSync,
  fstatSync,
  openSync,
  readSync,
  statSync,
  truncateSync,
} from "node:fs";
import { join } from "node:path";
import type { AgentId } from "../domain/wire/agent-id.ts";
import { unwritable } from "./private-files.ts";

const mostLogBytes = 5 * 1024 ** 2;
const lookEveryMs = 5_000;
const stderrFd = 2;

export function serveLogPath(dataDir: string): string {
  return join(dataDir, "logs", "serve.log");
}

export function hostLogPath(dataDir: string, id: AgentId): string {
  return join(dataDir, "agents", id, "host.log");
}

/**
 * For a child's output, by this user alone, and never through a symbolic link. The caller closes it once the child has it.
 * @throws CliaiError `data_dir_unwritable`
 */
export function openLog(path: string): number {
  const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW = 0 } = constants;
  try {
    return openSync(path, O_APPEND | O_CREAT | O_WRONLY | O_NOFOLLOW, 0o600);
  } catch (error) {
    throw unwritable(path, error);
  }
}

/** From `offset` on, `mostBytes` at most; with a negative offset, that many bytes before the end. Empty where there is no log. */
export function readLog(
  path: string,
  offset: number,
  mostBytes = mostLogBytes,
): { text: string; end: number } {
  let fd: number | undefined;
  try {
    fd = openSync(path, "r");
    const { size } = fstatSync(fd);
    // One that is shorter than what was read has been cut since.
    const from = offset < 0 ? Math.max(0, size + offset) : offset > size ? 0 : offset;
    const bytes = new Uint8Array(Math.min(size - from, mostBytes));
    const read = readSync(fd, bytes, 0, bytes.length, from);
    return { text: new TextDecoder().decode(bytes.subarray(0, read)), end: from + read };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return { text: "", end: 0 };
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Keeps the log small for as long as this process lives, where its stderr is that file; returns the way to end that. */
export function keepLogSmall(path: string, mostBytes = mostLogBytes, everyMs = lookEveryMs): () => void {
  if (!isStderr(path)) return () => undefined;
  const timer = setInterval(() => {
    try {
      if (fstatSync(stderrFd).size > mostBytes) rotateLog(path);
    } catch {
      // The disk is full, or the log was removed: it is looked at again.
    }
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

export function rotateLog(path: string): void {
  copyFileSync(path, `${path}.1`);
  truncateSync(path);
}

function isStderr(path: string): boolean {
  try {
    const [own, there] = [fstatSync(stderrFd, { bigint: true }), statSync(path, { bigint: true })];
    return own.ino === there.ino && own.dev === there.dev;
  } catch {
    return false; // it has no stderr, or there is no such log
  }
}
