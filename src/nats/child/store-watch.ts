// Watches the disk and nats-server's log for a lack of space. Without space nats-server 2.15 turns JetStream off, or stops the
// stream that was written to, until it is restarted. `onSpace` says when a restart helps.
import { statfs } from "node:fs/promises";
import { messageOf } from "../../domain/text/errors.ts";
import type { Logger } from "../../log.ts";
import { maxPayloadBytes } from "../payload.ts";

const lookEveryMs = 1_000;
/** With less free space, two messages of the largest size would not fit. */
const leastBytes = 2 * maxPayloadBytes;
/** With less free space, a restarted nats-server would soon run out of space again. */
const enoughBytes = 2 * leastBytes;

export interface StoreWatch {
  /** Takes a line of nats-server's log. */
  read(line: string): void;
  /** Why nats-server does not store anything, for a person; undefined if it does. */
  trouble(): string | undefined;
  /** Call this before a new start of nats-server, which begins with JetStream on. */
  reset(): void;
  stop(): void;
}

/** @param onSpace called while nats-server stores nothing because the disk was full, and there is space again */
export function watchStore(dir: string, onSpace: () => void, log: Logger): StoreWatch {
  let freeBytes = Number.POSITIVE_INFINITY;
  let isOff = false;
  let writeError: string | undefined;
  let said: string | undefined;

  const trouble = () => {
    if (isOff) return `the disk of ${dir} is full, and nats-server stores nothing until it is restarted`;
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
      log.error(`${now}; commands are refused until this is repaired`);
    said = now;
  };
  const timer = setInterval(look, lookEveryMs);
  return {
    read(line) {
      const isWriteError = /critical write error|disabling JetStream/i.test(line);
      const isForSpace = /no space left/i.test(line);
      isOff ||= /JetStream out of .*will be DISABLED/.test(line) || (isWriteError && isForSpace);
      // After any other disk error, the stream stays stopped until a person has repaired the disk and restarted nats-server.
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
