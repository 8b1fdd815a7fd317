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
  readonly now: () => Date;
  readonly log: Logger;
}

/** If the connection stays away, the oldest entries are dropped. */
const mostKept = 2_000;
/** An entry that cannot be stored although there is a connection is dropped after so many tries, so that the next ones can be stored. */
const mostTries = 10;
const tryAgainMs = 1_000;
const slowestTryMs = 30_000;
/** Errors that would come again at every try, so the entry is dropped. */
const neverStored: ReadonlySet<string> = new Set(["payload_too_large", "message_invalid"]);

export function createTranscriptSender(options: TranscriptSenderOptions): TranscriptSender {
  const { id, instanceId, link, now, log } = options;
  const ending = new AbortController();
  const { signal } = ending;
  const kept: { readonly body: object; readonly messageId: string }[] = [];
  let isRefused = false;
  let trouble = "";
  let working: Promise<void> | undefined;

  const say = (text: string) => {
    if (trouble !== text) log.debug(`the transcript is not stored: ${text}`);
    trouble = text;
  };
  /** Stores one entry. The stream stores an entry with the same id only once, so a lost answer doubles nothing. */
  const store = async ({ body, messageId }: (typeof kept)[number]) => {
    let waitMs = tryAgainMs;
    for (let tries = 0; tries < mostTries && !signal.aborted && !isRefused; tries += 1) {
      try {
        const bus = await link.connected(signal);
        await bus.publishStored(agentSubject(id, "transcript"), body, { id: messageId });
        trouble = "";
        return;
      } catch (error) {
        if (signal.aborted) return;
        say(messageOf(error));
        const code = error instanceof CliaiError ? error.code : undefined;
        // Credentials of an older cliai do not have the subject. Each further try would raise an alert.
        if (code === "refused") isRefused = true;
        if (code !== undefined && neverStored.has(code)) return;
        await pause(waitMs, signal);
        waitMs = Math.min(2 * waitMs, slowestTryMs);
      }
    }
  };
  const work = async () => {
    for (let next = kept[0]; next !== undefined; next = kept[0]) {
      await store(next);
      // It may have been dropped meanwhile.
      if (kept[0] === next) kept.shift();
    }
    working = undefined;
  };
  return {
    send(entry, sessionId) {
      if (signal.aborted || isRefused) return;
      const published = publishedEntry(entry);
      const body = {
        agent_id: id,
        ...definedOf({ session_id: sessionId }),
        instance_id: instanceId,
        ...published,
        timestamp: published.timestamp ?? now().toISOString(),
      };
      // Without a session's id, the id of the run keeps the entries of two runs apart.
      kept.push({ body, messageId: headerText(`${sessionId ?? instanceId} ${published.entry_id}`) });
      if (kept.length > mostKept) kept.shift();
      working ??= work();
    },
    waiting: () => kept.length,
    async close(graceMs) {
      await atMost(graceMs, working ?? Promise.resolve());
      ending.abort();
    },
  };
}

/** A header takes no line end. */
function headerText(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, "_");
}
