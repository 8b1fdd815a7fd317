// Follows the CLI's own record of the session, a file of JSON Lines. Each line is read once.
import { open } from "node:fs/promises";
import { messageOf } from "../../domain/text/errors.ts";
import { parseJsonLine } from "../../domain/wire/decode.ts";
import type { Logger } from "../../log.ts";
import { pause } from "../../waiting.ts";

export interface Transcript {
  /**
   * The record is at this path from now on. Skips the lines that the file already holds, because they are of an earlier run. Resolves when
   * the end of these lines is known; lines that are written later are read.
   * @param start where to read instead: from a byte on, or only the last bytes, which then begin with a whole line
   */
  begin(path: string, start?: { readonly from: number } | { readonly lastBytes: number }): Promise<void>;
  /** Up to which byte the file was read. */
  offset(): number;
  /** Whether the file exists. Waits up to 2 s for it, because the CLI creates it some 100 ms after the first prompt. */
  isThere(): Promise<boolean>;
  /** The parsed lines that were completed since the last call; none while there is no file. */
  readNew(): Promise<readonly unknown[]>;
}

const lookEveryMs = 250;
/** How long a new session may take to begin its record. */
const writtenWithinMs = 2_000;
/** How much is read at once; the rest is read at the next look. */
const mostBytes = 16 * 1024 * 1024;

export function createTranscript(): Transcript {
  let named: string | undefined;
  let current: string | undefined;
  let offset = 0;
  /** The latest time in a line that was read; undefined while none was. */
  let readUntil: string | undefined;
  /** Lines up to this time were read before the CLI wrote the file anew. */
  let knownUntil = "";
  let last: Promise<unknown> = Promise.resolve();
  let begun: Promise<void> = Promise.resolve();

  // Undefined if the file is not written yet, or if the CLI keeps no record.
  const openFile = async () =>
    current === undefined ? undefined : await open(current, "r").catch(() => undefined);
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const working = last.then(work);
    last = working.catch(() => undefined);
    return working;
  };
  const read = async (): Promise<unknown[]> => {
    const file = await openFile();
    if (file === undefined) return [];
    try {
      const { size } = await file.stat();
      if (size < offset) {
        offset = readUntil === undefined ? size : 0;
        knownUntil = readUntil ?? "";
      }
      const buffer = Buffer.alloc(Math.min(size - offset, mostBytes));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
      const end = buffer.subarray(0, bytesRead).lastIndexOf(0x0a) + 1;
      // Skip a line that is longer than `mostBytes`.
      offset += end === 0 && bytesRead === mostBytes ? bytesRead : end;
      const lines = buffer
        .subarray(0, end)
        .toString("utf8")
        .split("\n")
        .flatMap((line) => parseJsonLine(line) ?? []);
      const fresh = lines.filter((line) => timeOf(line) === "" || timeOf(line) > knownUntil);
      if (fresh.length > 0) {
        readUntil = fresh.map(timeOf).reduce((latest, at) => (at > latest ? at : latest), readUntil ?? "");
      }
      return fresh;
    } finally {
      await file.close();
    }
  };
  return {
    begin(path, start) {
      if (path === named) return begun;
      named = path;
      begun = inTurn(async () => {
        current = path;
        readUntil = undefined;
        knownUntil = "";
        await using file = await openFile();
        const size = (await file?.stat())?.size ?? 0;
        offset = startIn(size, start);
        // The first of the last bytes may be in the middle of a line, which is no JSON then, and is left out.
      });
      return begun;
    },
    offset: () => offset,
    async isThere() {
      const untilMs = performance.now() + writtenWithinMs;
      while (named !== undefined) {
        const isFound = await inTurn(async () => {
          await using file = await openFile();
          return file !== undefined;
        });
        if (isFound) return true;
        if (performance.now() > untilMs) break;
        await pause(lookEveryMs);
      }
      return false;
    },
    readNew: () => inTurn(read),
  };
}

function startIn(size: number, start: Parameters<Transcript["begin"]>[1]): number {
  if (start === undefined) return size;
  return "from" in start ? Math.min(start.from, size) : Math.max(0, size - start.lastBytes);
}

/** RFC 3339 in UTC, which can be compared as a text; "" for a line without a time. */
function timeOf(line: unknown): string {
  const { timestamp } = line as { readonly timestamp?: unknown };
  return typeof timestamp === "string" ? timestamp : "";
}

export interface TranscriptWatch {
  /**
   * Reads at once. Resolves when it is known at which position the reading begins; never rejects.
   * @param path the path at which the CLI says that the record is; undefined keeps the known one
   */
  look(path: string | undefined): Promise<void>;
  /** Reads at once. Resolves when `onLine` was called with all that the record holds now; never rejects. */
  catchUp(): Promise<void>;
  stop(): void;
}

export interface TranscriptWatchOptions {
  readonly isAwaiting: () => boolean;
  readonly onLine: (line: unknown) => void;
  readonly log: Logger;
}

export function watchTranscript(
  transcript: Transcript,
  { isAwaiting, onLine, log }: TranscriptWatchOptions,
): TranscriptWatch {
  // On a busy machine a look may take longer than the time between two: they must not queue up.
  const look = oneAtATime(async () => {
    if (!isAwaiting()) return;
    for (const line of await transcript.readNew()) onLine(line);
  });
  const note = (error: unknown) => log.debug(`transcript: ${messageOf(error)}`);
  const lookNow = () => void look().catch(note);
  const timer = setInterval(lookNow, lookEveryMs);
  return {
    look(named) {
      const begun = named === undefined ? Promise.resolve() : transcript.begin(named).catch(note);
      lookNow();
      return begun;
    },
    catchUp: () => look().catch(note),
    stop: () => clearInterval(timer),
  };
}

/** Runs of `work` never overlap. The calls that come during a run share the next one. */
function oneAtATime(work: () => Promise<void>): () => Promise<void> {
  let last: Promise<unknown> = Promise.resolve();
  let next: Promise<void> | undefined;
  return () => {
    if (next !== undefined) return next;
    next = last.then(() => {
      next = undefined;
      return work();
    });
    last = next.catch(() => undefined);
    return next;
  };
}
