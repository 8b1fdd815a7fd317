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
  /** @param sessionId the session whose entry it is; undefined if it is not known yet */
  send(entry: RecordEntry, sessionId: string | undefined): void;
  /** How many entries are not stored yet. */
  waiting(): number;
  /** Waits for what is sent, at most `graceMs`, and drops the rest. */
  close(graceMs: number): Promise<void>;
}

export interface TranscriptSenderOptions {
  readonly id: AgentId;
  readonly instanceId: string;
  readonly link: Pick<Link, "connected">;
  /** Told of the first entry that is lost, and of the others once entries are stored again. */
  readonly onLost: (count: number, why: string) => void;
  readonly now: () => Date;
  readonly log: Logger;
  /** How long to wait before an entry is tried again; longer each time. Default 1000. */
  readonly tryAgainMs?: number | undefined;
}

/** If the connection stays away, the oldest entries are dropped. */
const mostKept = 2_000;
/** An entry that cannot be stored although there is a connection is dropped after so many tries, so that the next ones can be stored. */
const mostTries = 10;
const usualTryAgainMs = 1_000;
const slowestTryMs = 30_000;
/** Errors that would come again at every try, so the entry is dropped. */
const neverStored: ReadonlySet<string> = new Set(["payload_too_large", "message_invalid"]);

interface Kept {
  readonly body: object;
  readonly sessionId: string | undefined;
  readonly messageId: string;
}

export function createTranscriptSender(options: TranscriptSenderOptions): TranscriptSender {
  const { id, instanceId, link, now, log, tryAgainMs = usualTryAgainMs } = options;
  const ending = new AbortController();
  const { signal } = ending;
  const kept: Kept[] = [];
  const losses = createLosses(options);
  let isRefused = false;
  let lastSession: string | undefined;
  let trouble = "";
  let working: Promise<void> | undefined;

  const publish = async ({ body, messageId }: Pick<Kept, "body" | "messageId">) => {
    const bus = await link.connected(signal);
    await bus.publishStored(agentSubject(id, "transcript"), body, { id: messageId });
  };
  const noteFailure = (error: unknown) => {
    if (trouble !== messageOf(error)) log.debug(`the transcript is not stored: ${messageOf(error)}`);
    trouble = messageOf(error);
  };
  /** Stores the note that stands in the place of what was lost before. */
  const publishMark = async (sessionId: string | undefined) => {
    const mark = losses.mark(sessionId);
    if (mark === undefined) return;
    await publish(mark);
    losses.noteMarked(mark);
  };
  /** Stores one entry. The stream stores an entry with the same id only once, so a lost answer doubles nothing. */
  const store = async (next: Kept) => {
    let waitMs = tryAgainMs;
    for (let tries = 0; tries < mostTries && !isRefused; tries += 1) {
      try {
        await publishMark(next.sessionId);
        await publish(next);
        trouble = "";
        return;
      } catch (error) {
        if (signal.aborted) return;
        noteFailure(error);
        const code = error instanceof CliaiError ? error.code : undefined;
        // Credentials of an older cliai do not have the subject. Each further try would raise an alert.
        if (code === "refused") isRefused = true;
        if (code !== undefined && neverStored.has(code)) break;
        await pause(waitMs, signal);
        if (signal.aborted) return;
        waitMs = Math.min(2 * waitMs, slowestTryMs);
      }
    }
    losses.add(1, trouble);
  };
  const work = async () => {
    for (let next = kept[0]; next !== undefined && !signal.aborted; next = kept[0]) {
      await store(next);
      // It may have been dropped meanwhile.
      if (kept[0] === next) kept.shift();
    }
    working = undefined;
  };
  return {
    send(entry, sessionId) {
      if (signal.aborted) return;
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
      kept.push({ body, sessionId, messageId });
      lastSession = sessionId;
      if (kept.length > mostKept) {
        kept.shift();
        losses.add(1, "NATS was away for too long");
      }
      working ??= work();
    },
    waiting: () => kept.length,
    async close(graceMs) {
      const untilMs = performance.now() + graceMs;
      await atMost(graceMs, working ?? Promise.resolve());
      // No entry comes after which the note could stand.
      if (working === undefined && !isRefused)
        await atMost(Math.max(0, untilMs - performance.now()), publishMark(lastSession).catch(noteFailure));
      ending.abort();
      losses.tell();
    },
  };
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
