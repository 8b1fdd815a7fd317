// Stores the entries of a session's conversation on `agent.{id}.transcript`, one after another. While NATS is away it keeps them.
import type { Link } from "../../agent-link/link.ts";
import { definedOf } from "../../domain/defined.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import { publishedEntry, type RecordEntry } from "../../domain/transcript/record-entry.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { agentSubject } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import { atMost, pause } from "../../waiting.ts";

export interface TranscriptSender {
  /**
   * @param sessionId the session whose entry it is; undefined if it is not known yet
   * @param isReadAgain whether the next host reads the entry again if it is not stored. Default false.
   */
  send(entry: RecordEntry, sessionId: string | undefined, options?: { readonly isReadAgain: boolean }): void;
  /** How many entries are not stored yet. */
  waiting(): number;
  /** Waits for what is sent, at most `graceMs`, and drops the rest: it is lost, but for what is read again. */
  close(graceMs: number): Promise<void>;
}

export interface TranscriptSenderOptions {
  readonly id: AgentId;
  readonly instanceId: string;
  readonly link: Pick<Link, "bus" | "connected">;
  /** Told of the first entry that is lost, and of the others once entries are stored again. */
  readonly onLost: (count: number, why: string) => void;
  readonly now: () => Date;
  readonly log: Logger;
  /** How long to wait before an entry is tried again; longer each time. Default 1000. */
  readonly tryAgainMs?: number | undefined;
}

/** If more wait, because NATS is away or stores none, the oldest ones are dropped. */
const mostKept = 2_000;
/** An entry that cannot be stored although there is a connection is dropped after so many tries, so that the next ones can be stored. */
const mostTries = 10;
/** The part of the time at the end of a session that is left for the note about what was not stored. */
const partForMark = 0.25;
const usualTryAgainMs = 1_000;
const slowestTryMs = 30_000;
/** Errors that would come again at every try, so the entry is dropped. */
const neverStored: ReadonlySet<string> = new Set(["payload_too_large", "message_invalid"]);

interface Kept {
  readonly body: object;
  readonly sessionId: string | undefined;
  readonly messageId: string;
  readonly isReadAgain: boolean;
}

export function createTranscriptSender(options: TranscriptSenderOptions): TranscriptSender {
  const { id, link, log, tryAgainMs = usualTryAgainMs } = options;
  const ending = new AbortController();
  const { signal } = ending;
  const kept: Kept[] = [];
  const losses = createLosses(options);
  let isRefused = false;
  let lastSession: string | undefined;
  let trouble = "";
  let working: Promise<void> | undefined;

  const publish = async (
    { body, messageId }: Pick<Kept, "body" | "messageId">,
    whileConnecting: AbortSignal = signal,
  ) => {
    const bus = await link.connected(whileConnecting);
    await bus.publishStored(agentSubject(id, "transcript"), body, { id: messageId });
  };
  const noteFailure = (error: unknown) => {
    if (trouble !== messageOf(error)) log.debug(`the transcript is not stored: ${messageOf(error)}`);
    trouble = messageOf(error);
  };
  const whyTooMany = () => {
    if (link.bus() === undefined) return "NATS was away for too long";
    return trouble === "" ? "the store takes entries too slowly" : trouble;
  };
  /** Stores the note that stands in the place of what was lost before. */
  const publishMark = async (sessionId: string | undefined, whileConnecting?: AbortSignal) => {
    const mark = losses.mark(sessionId);
    if (mark === undefined) return;
    await publish(mark, whileConnecting);
    losses.noteMarked(mark);
  };
  /**
   * Stores one entry. The stream stores an entry with the same id only once, so a lost answer doubles nothing.
   * @returns false if the session has ended before it was stored
   */
  const store = async (next: Kept) => {
    let waitMs = tryAgainMs;
    for (let tries = 0; tries < mostTries && !isRefused; tries += 1) {
      try {
        await publishMark(next.sessionId);
        await publish(next);
        trouble = "";
        return true;
      } catch (error) {
        noteFailure(error);
        if (signal.aborted) return false;
        const code = error instanceof CliaiError ? error.code : undefined;
        // Credentials of an older cliai do not have the subject. Each further try would raise an alert.
        if (code === "refused") isRefused = true;
        if (code !== undefined && neverStored.has(code)) break;
        await pause(waitMs, signal);
        if (signal.aborted) return false;
        waitMs = Math.min(2 * waitMs, slowestTryMs);
      }
    }
    losses.add(1, trouble);
    return true;
  };
  const work = async () => {
    for (let next = kept[0]; next !== undefined && !signal.aborted; next = kept[0]) {
      if (!(await store(next))) break;
      kept.shift();
    }
    working = undefined;
  };
  return {
    send(entry, sessionId, { isReadAgain } = { isReadAgain: false }) {
      if (signal.aborted) return;
      kept.push(keptOf(options, entry, { sessionId, isReadAgain }));
      lastSession = sessionId;
      if (kept.length > mostKept) {
        kept.splice(1, 1); // the first one is being stored now
        losses.add(1, whyTooMany());
      }
      working ??= work();
    },
    waiting: () => kept.length,
    async close(graceMs) {
      const untilMs = performance.now() + graceMs;
      const leftMs = () => Math.max(0, untilMs - performance.now());
      await atMost(graceMs * (1 - partForMark), working ?? Promise.resolve());
      ending.abort();
      // What is being stored now may still succeed.
      await atMost(leftMs(), working ?? Promise.resolve());
      const lost = kept.filter(({ isReadAgain }) => !isReadAgain).length;
      if (lost > 0) losses.add(lost, trouble === "" ? "the session ended first" : trouble);
      // No entry comes after which the note could stand.
      if (working === undefined && !isRefused) {
        const marked = publishMark(lastSession, AbortSignal.timeout(Math.ceil(leftMs())));
        await atMost(leftMs(), marked.catch(noteFailure));
      }
      losses.tell();
    },
  };
}

function keptOf(
  { id, instanceId, now }: TranscriptSenderOptions,
  entry: RecordEntry,
  { sessionId, isReadAgain }: Pick<Kept, "sessionId" | "isReadAgain">,
): Kept {
  const published = publishedEntry(entry);
  const body = {
    agent_id: id,
    ...definedOf({ session_id: sessionId }),
    instance_id: instanceId,
    ...published,
    timestamp: published.timestamp ?? now().toISOString(),
  };
  // Without a session's id, the id of the run keeps the entries of two runs apart.
  const messageId = headerText(`${sessionId ?? instanceId} ${published.entry_id}`);
  return { body, sessionId, messageId, isReadAgain };
}

interface Mark {
  readonly body: object;
  readonly messageId: string;
  readonly count: number;
}

/** Counts the entries that are lost, until a note about them is stored in the transcript. */
function createLosses({ id, instanceId, onLost, now }: TranscriptSenderOptions) {
  let all = 0;
  let unmarked = 0;
  let untold = 0;
  let isTold = false;
  let why = "";
  const tell = () => {
    if (untold > 0) onLost(untold, `${entriesText(untold)} could not be stored: ${why}`);
    untold = 0;
  };
  return {
    add(count: number, reason: string) {
      all += count;
      unmarked += count;
      untold += count;
      if (reason !== "") why = reason;
      if (!isTold) tell();
      isTold = true;
    },
    mark(sessionId: string | undefined): Mark | undefined {
      if (unmarked === 0) return undefined;
      // The same id if it is stored again, because no answer came.
      const entry_id = `lost-${instanceId}-${all}`;
      const is = unmarked === 1 ? "is" : "are";
      const text = `${entriesText(unmarked)} ${is} missing here, because the store did not take ${unmarked === 1 ? "it" : "them"}: ${why}`;
      const body = {
        ...{ agent_id: id, ...definedOf({ session_id: sessionId }), instance_id: instanceId },
        ...{ entry_id, kind: "note", text, is_error: true, timestamp: now().toISOString() },
      };
      return { body, messageId: headerText(`${sessionId ?? instanceId} ${entry_id}`), count: unmarked };
    },
    noteMarked({ count }: Mark) {
      unmarked -= count;
      tell();
      isTold = false;
    },
    tell,
  };
}

function entriesText(count: number): string {
  return count === 1 ? "1 entry" : `${count.toLocaleString("en")} entries`;
}

/** A header takes no line end. */
function headerText(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, "_");
}
