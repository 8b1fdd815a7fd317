// Stores what a guest is told and answers: as its transcript, and as events `said`. They are the words of others, and stand nowhere else.
import { messageOf } from "../../domain/text/errors.ts";
import { redact } from "../../domain/text/redact.ts";
import { beginningOf } from "../../domain/text/summary.ts";
import { longestEntryText, publishedEntry } from "../../domain/transcript/record-entry.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { agentSubject } from "../../domain/wire/subjects.ts";
import type { TranscriptKind } from "../../domain/wire/transcript-messages.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";

export interface GuestWords {
  /** What it was told. */
  told(text: string): void;
  /** A piece of its answer. Pieces that come close together become one entry. */
  add(piece: string): void;
  /** So many attachments of the answer are left out. */
  leaveOutFiles(count: number): void;
  /** The beginning of all that it has answered, on one line; "" for nothing. */
  beginning(): string;
  /** Stores what was added, and waits until all of it is stored, or has failed to be. */
  settle(): Promise<void>;
}

export interface GuestWordsOptions {
  readonly id: AgentId;
  readonly instanceId: string;
  /** The connection of the fleet's account. */
  readonly bus: Pick<Bus, "publishStored">;
  readonly now: () => Date;
  readonly log: Logger;
}

/** After this time without a piece, what has come so far is an entry. */
const entryAfterMs = 3_000;
/** So much of the answer to one task is kept, in characters. */
const mostKept = 1_000_000;
const saidLength = 4_000;
const beginningLength = 300;

/** For the answer to one task. */
export function createGuestWords({ id, instanceId, bus, now, log }: GuestWordsOptions): GuestWords {
  let waiting = "";
  let kept = 0;
  let left = 0;
  let files = 0;
  let begun = "";
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last: Promise<void> = Promise.resolve();

  const store = (topic: "transcript" | "event", body: object, messageId?: string) => {
    last = last
      .then(async () => {
        const facts = { agent_id: id, instance_id: instanceId, timestamp: now().toISOString() };
        const options = messageId === undefined ? {} : { id: messageId };
        await bus.publishStored(agentSubject(id, topic), { ...facts, ...body }, options);
      })
      .catch((error: unknown) => log.warn(`the words of ${id} are not stored: ${messageOf(error)}`));
  };
  const storeEntry = (kind: TranscriptKind, text: string) => {
    const entryId = crypto.randomUUID();
    store("transcript", publishedEntry({ id: entryId, kind, text }), `${instanceId} ${entryId}`);
  };
  const flush = () => {
    clearTimeout(timer);
    const text = waiting;
    waiting = "";
    if (text.trim() === "") return;
    storeEntry("answer", text);
    store("event", { kind: "said", detail: beginningOf(redact(text).trim(), saidLength - 1) });
  };
  return {
    told: (text) => storeEntry("prompt", text),
    add(piece) {
      const room = mostKept - kept;
      const text = piece.slice(0, Math.max(0, room));
      kept += text.length;
      left += piece.length - text.length;
      if (begun.length < beginningLength) begun += text.slice(0, beginningLength);
      clearTimeout(timer);
      waiting += text;
      // A longer entry would be cut.
      while (waiting.length > longestEntryText) {
        const whole = waiting;
        waiting = whole.slice(0, longestEntryText);
        flush();
        waiting = whole.slice(longestEntryText);
      }
      timer = setTimeout(flush, entryAfterMs);
    },
    leaveOutFiles(count) {
      files += count;
    },
    beginning: () => beginningOf(redact(begun).replaceAll(/\s+/g, " ").trim(), beginningLength),
    async settle() {
      flush();
      if (left > 0)
        storeEntry("note", `${left.toLocaleString("en")} more characters of the answer are not kept`);
      if (files > 0)
        storeEntry("note", `${files.toLocaleString("en")} attachments of the answer are not kept`);
      [left, files] = [0, 0];
      await last;
    },
  };
}
