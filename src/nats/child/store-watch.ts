// Watches, by disk and log, whether nats-server has space. Without space nats-server 2.15 turns JetStream off, or ends the
// stream that was written to, until it is started again; this says when that helps.
import { statfs } from "node:fs/promises";
import { messageOf } from "../../domain/text/errors.ts";
import type { Logger } from "../../log.ts";
import { maxPayloadBytes } from "../payload.ts";

const lookEveryMs = 1_000;
/** Below this a message of the largest size might not fit any more. */
const leastBytes = 2 * maxPayloadBytes;
/** Started anew with less, it would soon be full again. */
const enoughBytes = 2 * leastBytes;

export interface StoreWatch {
  /** A line of nats-server's log. */
  read(line: string): void;
  /** Why nothing is stored, for a person. */
  trouble(): string | undefined;
  /** A new nats-server begins with JetStream on. */
  reset(): void;
  stop(): void;
}

/** @param onSpace called when nothing is stored for want of space, and there is space again */
export function watchStore(dir: string, onSpace: () => void, log: Logger): StoreWatch {
  let freeBytes = Number.POSITIVE_INFINITY;
  let isOff = false;
  let writeError: string | undefined;
  let said: string | undefined;

  const trouble = () => {
    if (isOff) return `the disk of ${dir} is full, and nats-server stores nothing until it is started anew`;
    if (freeBytes < leastBytes)
      return `the disk of ${dir} is full: ${Math.floor(freeBytes / 1e6)} MB are free`;
    return writeError;
  };
  const look = async () => {
    try {
      const { bavail, bsize } = await statfs(dir);
      freeBytes = bavail * bsize;
    } catch (error) {
      log.debug(`the disk of ${dir}: ${messageOf(error)}`);
    }
    say();
    if (isOff && freeBytes >= enoughBytes) onSpace();
  };
  const say = () => {
    const now = trouble();
    if (now !== undefined && said === undefined)
      log.error(`${now}; commands are refused until there is space`);
    said = now;
  };
  const timer = setInterval(look, lookEveryMs);
  return {
    read(line) {
      const isWriteError = /critical write error|disabling JetStream/i.test(line);
      const isForSpace = /no space left/i.test(line);
      isOff ||= /JetStream out of .*will be DISABLED/.test(line) || (isWriteError && isForSpace);
      // After any other disk error a stream stays ended until a person has repaired the disk and started nats-server again.
      if (isWriteError && !isForSpace)
        writeError ??= `nats-server cannot write its store: ${line.replace(/^.*\[ERR\]\s*/, "")}`;
      say();
    },
    trouble,
    reset: () => {
      isOff = false;
      writeError = undefined;
    },
    stop: () => clearInterval(timer),
  };
}
