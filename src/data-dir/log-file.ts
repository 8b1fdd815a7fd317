// The logs of processes without a terminal: `logs/serve.log`, and `host.log` in an agent's folder. A process writes its log through
// stderr, which is opened for appending. So a full log can be copied to `….log.1` and truncated: the process then goes on writing at
// the start of the file.
import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { AgentId } from "../domain/wire/agent-id.ts";
import { unwritable } from "./private-files.ts";

const mostLogBytes = 5 * 1024 ** 2;
const lookEveryMs = 5_000;
const copiedAtOnceBytes = 256 * 1024;
const stderrFd = 2;

export function serveLogPath(dataDir: string): string {
  return join(dataDir, "logs", "serve.log");
}

export function hostLogPath(dataDir: string, id: AgentId): string {
  return join(dataDir, "agents", id, "host.log");
}

/**
 * Opens a log for a child's output: readable only by this user, and never through a symbolic link. The caller closes it when the
 * child has it.
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

/** {@link openLog} for the log of an agent's host, in the agent's folder, which may not exist yet. */
export function openHostLog(dataDir: string, id: AgentId): number {
  const path = hostLogPath(dataDir, id);
  const folder = dirname(path);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const each of [dirname(folder), folder]) {
      if (!lstatSync(each).isDirectory()) throw new Error("a symbolic link stands in its place");
    }
  } catch (error) {
    throw unwritable(folder, error);
  }
  return openLog(path);
}

/** Reads at most `mostBytes` from `offset`; a negative offset counts from the end. Empty if there is no log. */
export function readLog(
  path: string,
  offset: number,
  mostBytes = mostLogBytes,
): { text: string; end: number } {
  let fd: number | undefined;
  try {
    fd = openSync(path, "r");
    const { size } = fstatSync(fd);
    // A file that is shorter than the offset was truncated meanwhile: read it from its start.
    const from = offset < 0 ? Math.max(0, size + offset) : offset > size ? 0 : offset;
    const bytes = new Uint8Array(Math.min(size - from, mostBytes));
    const read = readSync(fd, bytes, 0, bytes.length, from);
    return { text: new TextDecoder().decode(bytes.subarray(0, read)), end: from + read };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTDIR") throw error;
    return { text: "", end: 0 };
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Keeps this log short if it is the stderr of this process: checks it every `everyMs`, and rotates it. Returns the function that ends this. */
export function keepLogSmall(path: string, mostBytes = mostLogBytes, everyMs = lookEveryMs): () => void {
  if (!isStderr(path)) return () => undefined;
  const timer = setInterval(() => {
    try {
      if (fstatSync(stderrFd).size > mostBytes) rotateLog(path, stderrFd);
    } catch {
      // The disk is full, or the log was removed: try again later.
    }
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

/**
 * Copies the log to `….log.1` and truncates it. Follows no symbolic link: one at `….log.1` is replaced.
 * @param log where the process writes its log; throws if this is not the file at `path` any more
 */
export function rotateLog(path: string, log: number): void {
  const { O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_RDWR, O_WRONLY } = constants;
  const temporary = join(dirname(path), `.${crypto.randomUUID()}`);
  const from = openSync(path, O_RDWR | O_NOFOLLOW);
  try {
    if (!isOpenIn(log, fstatSync(from, { bigint: true }))) throw new Error(`another file stands at ${path}`);
    const to = openSync(temporary, O_CREAT | O_EXCL | O_WRONLY, 0o600);
    try {
      copyAll(from, to);
    } finally {
      closeSync(to);
    }
    renameSync(temporary, `${path}.1`);
    ftruncateSync(from);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(from);
  }
}

function copyAll(from: number, to: number): void {
  const bytes = new Uint8Array(copiedAtOnceBytes);
  for (;;) {
    const read = readSync(from, bytes);
    if (read === 0) return;
    for (let written = 0; written < read; ) written += writeSync(to, bytes, written, read - written);
  }
}

function isStderr(path: string): boolean {
  try {
    return isOpenIn(stderrFd, statSync(path, { bigint: true }));
  } catch {
    return false; // it has no stderr, or there is no such log
  }
}

function isOpenIn(fd: number, there: BigIntStats): boolean {
  const own = fstatSync(fd, { bigint: true });
  return own.ino === there.ino && own.dev === there.dev;
}
