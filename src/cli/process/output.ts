// This room holds what a command has of its process: where it writes, what ends it from outside, and whether an agent runs it.
//
// Writes to stdout or stderr. The stream of the process is made only when it is needed, because making it takes 4 ms (Bun 1.4.5): to a file or
// a pipe, the first lines are written without it.
import { fstatSync, writeSync } from "node:fs";
import type { Writable } from "node:stream";

/**
 * As much is written to a pipe without the stream. A new pipe takes it without waiting for its reader (macOS 16 KiB, Linux 64 KiB). Beyond that the
 * stream keeps what a slow reader (`| less`) does not take yet, and the process goes on: it must hear Ctrl-C.
 */
const pipeTakes = 16 * 1_024;

export type OutputStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

export interface Output {
  readonly isTerminal: boolean;
  /** Undefined if it is not a terminal. */
  readonly columns: number | undefined;
  /** For those who write more than lines. From then on the lines go through it as well, so that nothing overtakes. */
  readonly stream: OutputStream;
  write(text: string): void;
  /** Whether something of `write` is not written yet. */
  isBusy(): boolean;
}

/**
 * @param takeStream called at most once
 * @param fd the file or pipe that the stream writes to; undefined if all is to go through the stream
 * @param onError called with what the stream emits, or the writing throws
 */
export function createOutput(
  takeStream: () => OutputStream,
  fd: number | undefined,
  onError: (cause: NodeJS.ErrnoException) => void,
): Output {
  let taken: OutputStream | undefined;
  const take = () => {
    taken ??= takeStream().on("error", onError);
    return taken;
  };
  // The stream of Bun 1.4.5 keeps what the pipe does not take, and has a `writableLength` of 0 all the same. So each write is counted.
  let unwritten = 0;
  const writeToStream = (data: string | Uint8Array) => {
    unwritten += 1;
    take().write(data, () => {
      unwritten -= 1;
    });
  };
  const kind = fd === undefined ? "other" : kindOf(fd);
  const plainFd = kind === "other" ? undefined : fd;
  let left = kind === "file" ? Number.POSITIVE_INFINITY : pipeTakes;
  return {
    get isTerminal() {
      return plainFd === undefined && take().isTTY === true;
    },
    get columns() {
      return plainFd === undefined ? take().columns : undefined;
    },
    get stream() {
      return take();
    },
    write(text) {
      const bytes = Buffer.from(text);
      left -= bytes.length;
      if (taken !== undefined || plainFd === undefined || left < 0) {
        writeToStream(text);
        return;
      }
      try {
        const rest = writeAtOnce(plainFd, bytes);
        if (rest.length > 0) writeToStream(rest);
      } catch (error) {
        onError(error as NodeJS.ErrnoException);
      }
    },
    isBusy: () => unwritten > 0,
  };
}

function kindOf(fd: number): "file" | "pipe" | "other" {
  try {
    const stats = fstatSync(fd);
    if (stats.isFile()) return "file";
    return stats.isFIFO() || stats.isSocket() ? "pipe" : "other";
  } catch {
    return "other"; // it is closed: the stream says so in its own way
  }
}

/** Returns what the file does not take now, because whoever shares the pipe has made it non-blocking. */
function writeAtOnce(fd: number, bytes: Uint8Array): Uint8Array {
  let rest = bytes;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EAGAIN") return rest;
      throw error;
    }
  }
  return rest;
}
