// This room publishes the conversation of a session, as its CLI records it, for people who read it later.
//
// If cliai can read the CLI's own record, a file, the transcript is made of the lines of that file. If not, it is made of the hooks and of
// the words that the session shows.
import type { Hook } from "../../domain/hook.ts";
import { messageOf } from "../../domain/text/errors.ts";
import { entriesOfHook, type RecordEntry } from "../../domain/transcript/record-entry.ts";
import type { Logger } from "../../log.ts";
import { createTranscript } from "../routes/transcript.ts";
import type { TranscriptSender } from "./transcript-sender.ts";

/** How far a record has been published. */
export interface RecordPosition {
  readonly path: string;
  /** In bytes. */
  readonly offset: number;
}

/** Keeps the position over a restart of the host, so that it publishes no line twice and leaves none out. */
export interface PositionFile {
  read(): Promise<RecordPosition | undefined>;
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
/** While more entries than this wait to be stored, the record is not read further. */
const mostWaiting = 500;
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
      await record?.stop().catch((error: unknown) => log.debug(`the transcript: ${messageOf(error)}`));
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
  /** Up to here, all entries were sent. */
  let readTo: RecordPosition | undefined;
  let saved: RecordPosition | undefined;
  let last: Promise<unknown> = Promise.resolve();

  /** The looks never overlap, and an error ends none of the later ones. */
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const working = last.then(work);
    last = working.catch((error: unknown) => log.debug(`the transcript: ${messageOf(error)}`));
    return working;
  };
  const sendAll = (line: unknown, session: string | undefined) => {
    for (const entry of readEntries(line)) sender.send(entry, session);
  };
  const save = async () => {
    if (readTo === undefined || sender.waiting() > 0) return;
    if (readTo.path === saved?.path && readTo.offset === saved.offset) return;
    saved = readTo;
    await position.write(readTo);
  };
  const look = async () => {
    // Before more is read: by now, all that was read at the look before is usually stored.
    await save();
    if (current === undefined || sender.waiting() > mostWaiting) return;
    const { path, session } = current;
    for (const line of await file.readNew()) sendAll(line, session);
    readTo = { path, offset: file.offset() };
  };
  const timer = setInterval(() => void inTurn(look).catch(() => undefined), lookEveryMs);
  return {
    begin(path: string, session: string | undefined) {
      if (named === path) return;
      named = path;
      void inTurn(async () => {
        // What the record before still has is read first.
        if (current !== undefined) for (const line of await file.readNew()) sendAll(line, current.session);
        const known = await position.read();
        file = createTranscript();
        await file.begin(
          path,
          known?.path === path ? { from: known.offset } : { lastBytes: mostEarlierBytes },
        );
        current = { path, session };
        readTo = undefined;
      }).catch(() => undefined);
    },
    async stop() {
      clearInterval(timer);
      await inTurn(look);
    },
    save,
  };
}
