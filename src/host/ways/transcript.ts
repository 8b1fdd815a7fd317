// Follows the CLI's own record of the session, a file of JSON Lines: each line once, from where the last look left off.
import { open } from "node:fs/promises";
import { messageOf } from "../../domain/text/errors.ts";
import { parseJsonLine } from "../../domain/wire/decode.ts";
import type { Logger } from "../../log.ts";

interface TranscriptReader {
  /** The lines that were completed since the last look; none while there is no such file. */
  readNew(path: string): Promise<readonly unknown[]>;
}

/** At one look; the rest comes with the next. */
const mostBytes = 16 * 1024 * 1024;

function createTranscriptReader(): TranscriptReader {
  let current: string | undefined;
  let offset = 0;
  let last: Promise<unknown> = Promise.resolve();

  const read = async (path: string): Promise<unknown[]> => {
    if (path !== current) {
      current = path;
      offset = 0;
    }
    const file = await open(path, "r").catch(() => undefined); // not written yet, or not kept at all
    if (file === undefined) return [];
    try {
      const { size } = await file.stat();
      if (size < offset) offset = 0;
      const buffer = Buffer.alloc(Math.min(size - offset, mostBytes));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
      const end = buffer.subarray(0, bytesRead).lastIndexOf(0x0a) + 1;
      // A line longer than a look is passed over.
      offset += end === 0 && bytesRead === mostBytes ? bytesRead : end;
      return buffer
        .subarray(0, end)
        .toString("utf8")
        .split("\n")
        .flatMap((line) => parseJsonLine(line) ?? []);
    } finally {
      await file.close();
    }
  };
  return {
    async readNew(path) {
      const reading = last.then(() => read(path));
      last = reading.catch(() => undefined);
      return await reading;
    },
  };
}

export interface TranscriptWatch {
  /** Looks at once, at the record that the CLI names now, and from then on as long as something is awaited. */
  look(path: string | undefined): void;
  stop(): void;
}

export interface TranscriptWatchOptions {
  readonly isAwaiting: () => boolean;
  readonly onLine: (line: unknown) => void;
  readonly log: Logger;
}

const lookEveryMs = 250;

export function watchTranscript({ isAwaiting, onLine, log }: TranscriptWatchOptions): TranscriptWatch {
  const transcript = createTranscriptReader();
  let path: string | undefined;
  const look = async () => {
    if (path === undefined || !isAwaiting()) return;
    for (const line of await transcript.readNew(path)) onLine(line);
  };
  const lookNow = () => void look().catch((error: unknown) => log.debug(`transcript: ${messageOf(error)}`));
  const timer = setInterval(lookNow, lookEveryMs);
  return {
    look(named) {
      path = named ?? path;
      lookNow();
    },
    stop: () => clearInterval(timer),
  };
}
