// This room publishes the conversation of a session, as its CLI records it, for people who read it later.
//
// If cliai can read the CLI's own record, a file, the transcript is made of the lines of that file. If not, it is made of the hooks and of
// the words that the session shows.
import type { Hook } from "../../domain/hook.ts";
import { messageOf } from "../../domain/text/errors.ts";
import { entriesOfHook, type RecordEntry } from "../../domain/transcript/record-entry.ts";
import type { Logger } from "../../log.ts";
import { pause } from "../../waiting.ts";
import { createTranscript } from "../routes/transcript.ts";
import type { TranscriptSender } from "./transcript-sender.ts";

/** How far a record has been published. */
export interface RecordPosition {
  readonly path: string;
  /** In bytes. */
  readonly offset: number;
}

/** Keeps the positions over a restart of the host, so that it publishes no line twice and leaves none out. */
export interface PositionFile {
  /** @param path of the record */
  read(path: string): Promise<RecordPosition | undefined>;
  /** Keeps the positions of the records that were written before. */
  write(position: RecordPosition): Promise<void>;
}

export interface SessionTranscript {
  /** Takes a hook of the session, before it is answered. */
  noteHook(hook: Hook): void;
  /** Takes words of the session's model. */
  noteWords(words: string): void;
  /** Takes what the session's model thinks. */
  noteThought(words: string): void;
  /** Publishes what the record has by now, within `graceMs`, and ends. */
  stop(graceMs: number): Promise<void>;
}

export interface SessionTranscriptOptions {
  readonly sender: TranscriptSender;
  /** Reads a line of the CLI's record; undefined if cliai cannot read it. */
  readonly readEntries: ((line: unknown) => readonly RecordEntry[]) | undefined;
  readonly position: PositionFile;
  readonly sessionId: () => string | undefined;
  readonly createId: () => string;
  readonly log: Logger;
}

const lookEveryMs = 500;
/** While more entries than this wait to be stored, the sender gets no more of them: it would drop the oldest. */
const mostWaiting = 500;
/** How soon after the end of a session the rest of its record is looked at again. */
const restEveryMs = 20;
/** A record that was never published before is published from here on, counted from its end. */
const mostEarlierBytes = 4 * 1024 * 1024;

/** For an agent whose profile turns its transcript off. */
export const noTranscript: SessionTranscript = {
  noteHook: () => undefined,
  noteWords: () => undefined,
  noteThought: () => undefined,
  stop: () => Promise.resolve(),
};

export function createSessionTranscript(options: SessionTranscriptOptions): SessionTranscript {
  const { sender, readEntries, sessionId, createId, log } = options;
  const record = readEntries === undefined ? undefined : followRecord({ ...options, readEntries });
  let isInRecord = false;
  const send = (entries: readonly RecordEntry[], session = sessionId()) => {
    for (const entry of entries) sender.send(entry, session);
  };
  const sendWords = (kind: "answer" | "thinking", text: string) => {
    if (!isInRecord && text.trim() !== "") send([{ id: createId(), kind, text }]);
  };
  return {
    noteHook(hook) {
      const { transcriptPath, facts, isSubagent } = hook;
      if (record !== undefined && transcriptPath !== undefined && !isSubagent) {
        isInRecord = true;
        record.begin(transcriptPath, facts.session_id ?? sessionId());
      }
      if (!isInRecord) send(entriesOfHook(hook, createId), facts.session_id ?? sessionId());
    },
    noteWords: (words) => sendWords("answer", words),
    noteThought: (words) => sendWords("thinking", words),
    async stop(graceMs) {
      const untilMs = performance.now() + graceMs;
      await record?.stop(untilMs).catch((error: unknown) => log.debug(`the transcript: ${messageOf(error)}`));
      await sender.close(Math.max(0, untilMs - performance.now()));
      await record?.save();
    },
  };
}

type FollowOptions = SessionTranscriptOptions & {
  readonly readEntries: (line: unknown) => readonly RecordEntry[];
};

/** Reads the file of the record as it grows, and sends its entries. */
function followRecord({ sender, readEntries, position, log }: FollowOptions) {
  /** The record that was named last. `current` is the one that is read. */
  let named: string | undefined;
  let current: { readonly path: string; readonly session: string | undefined } | undefined;
  let file = createTranscript();
  /** Lines that were read, and that the sender has not got yet. */
  let unsent: { readonly line: unknown; readonly session: string | undefined }[] = [];
  /** Up to here, the records were read. */
  const readTo = new Map<string, number>();
  const saved = new Map<string, number>();
  let last: Promise<unknown> = Promise.resolve();

  /** The looks never overlap, and an error ends none of the later ones. */
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const working = last.then(work);
    last = working.catch((error: unknown) => log.debug(`the transcript: ${messageOf(error)}`));
    return working;
  };
  const read = async () => {
    if (current === undefined) return;
    const { path, session } = current;
    unsent = [...unsent, ...(await file.readNew()).map((line) => ({ line, session }))];
    readTo.set(path, file.offset());
  };
  const send = () => {
    let count = 0;
    for (const { line, session } of unsent) {
      if (sender.waiting() > mostWaiting) break;
      count += 1;
      for (const entry of readEntries(line)) sender.send(entry, session, { isReadAgain: true });
    }
    unsent = unsent.slice(count);
  };
  const save = async () => {
    if (unsent.length > 0 || sender.waiting() > 0) return;
    for (const [path, offset] of readTo) {
      if (saved.get(path) === offset) continue;
      saved.set(path, offset);
      await position.write({ path, offset });
    }
  };
  const look = async () => {
    // Before more is read: by now, all that was read at the look before is usually stored.
    await save();
    if (unsent.length === 0 && sender.waiting() <= mostWaiting) await read();
    send();
  };
  const timer = setInterval(() => void inTurn(look).catch(() => undefined), lookEveryMs);
  return {
    begin(path: string, session: string | undefined) {
      if (named === path) return;
      named = path;
      void inTurn(async () => {
        await read(); // what the record before still has
        const from = readTo.get(path) ?? (await position.read(path))?.offset;
        file = createTranscript();
        await file.begin(path, from === undefined ? { lastBytes: mostEarlierBytes } : { from });
        current = { path, session };
      }).catch(() => undefined);
    },
    async stop(untilMs: number) {
      clearInterval(timer);
      await inTurn(look);
      while (unsent.length > 0 && performance.now() < untilMs) {
        await pause(restEveryMs);
        send();
        if (unsent.length === 0) await inTurn(look);
      }
    },
    save,
  };
}
