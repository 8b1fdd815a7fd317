// This room reads the agents' conversations from the stream TRANSCRIPTS, for the pages, the API and the commands.
import { messageOf } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { decodeFromAgent } from "../../domain/wire/decode.ts";
import { agentSubject, streams } from "../../domain/wire/subjects.ts";
import { type TranscriptEntry, TranscriptEntrySchema } from "../../domain/wire/transcript-messages.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import { followStream, type StreamMessage } from "../../nats/jetstream/follow.ts";
import { readLastMessages } from "../../nats/jetstream/read-back.ts";
import { readLastMessage, readStream } from "../../nats/jetstream/read-stream.ts";
import { pause } from "../../waiting.ts";
import { removedEntriesTo } from "../removed-agents.ts";

export interface StoredEntry extends TranscriptEntry {
  readonly seq: number;
  /** When the CLI wrote it; if that is not known, when it was stored. RFC 3339. */
  readonly at: string;
}

export interface TranscriptQuery {
  /** Only entries with a sequence below this one. */
  readonly before?: number | undefined;
  /** Only entries with a sequence above this one, the oldest of them first. */
  readonly after?: number | undefined;
  /** Only entries that were stored since this time, the oldest of them first. */
  readonly sinceMs?: number | undefined;
  /** Only entries that were stored up to this time. */
  readonly untilMs?: number | undefined;
  /** How many entries at most. */
  readonly limit: number;
}

export interface TranscriptPage {
  /** Oldest first. Without `after` and `sinceMs` the newest ones. */
  readonly entries: readonly StoredEntry[];
  /** Whether there are entries before the first one; false if there is none. */
  readonly has_older: boolean;
  readonly has_newer: boolean;
}

const tryAgainMs = 1_000;
/** How many messages at most are decoded for one page, if an agent has published what is no entry, or the same entry again. */
const mostReadTimes = 4;

/**
 * Reads a page of an agent's conversation. The entries of a removed agent that had the same name are not part of it.
 * @throws CliaiError if the stream cannot be read
 */
export async function readTranscript(bus: Bus, id: AgentId, query: TranscriptQuery): Promise<TranscriptPage> {
  const { after, sinceMs } = query;
  const own = { ...query, first: (await removedEntriesTo(bus, id)) + 1 };
  return after === undefined && sinceMs === undefined
    ? await readNewest(bus, id, own)
    : await readOn(bus, id, own);
}

/** `first`: entries before this sequence are of another agent. */
type OwnQuery = TranscriptQuery & { readonly first: number };

async function readNewest(
  bus: Bus,
  id: AgentId,
  { before, untilMs, limit, first }: OwnQuery,
): Promise<TranscriptPage> {
  const place = { stream: streams.transcripts, subject: agentSubject(id, "transcript"), from: first };
  const isWanted = ({ at }: StreamMessage) => untilMs === undefined || Date.parse(at) <= untilMs;
  let end = before;
  for (;;) {
    // One more than is shown, which tells whether there are older ones.
    const messages = await readLastMessages(bus, { ...place, before: end, count: limit + 1 });
    const wanted = messages.filter(isWanted);
    // What is newer than `untilMs` is left out, so look further back.
    if (wanted.length === 0 && messages.length === limit + 1) {
      end = messages[0]?.seq;
      continue;
    }
    const entries = decodeEntries(id, wanted);
    const shown = entries.slice(-limit);
    const newest = await readLastMessage(bus, place.stream, place.subject);
    return {
      entries: shown,
      has_older: messages.length === limit + 1,
      has_newer: (newest?.seq ?? 0) > (wanted.at(-1)?.seq ?? Number.POSITIVE_INFINITY),
    };
  }
}

async function readOn(
  bus: Bus,
  id: AgentId,
  { after, before, sinceMs, untilMs, limit, first }: OwnQuery,
): Promise<TranscriptPage> {
  const { transcripts: stream } = streams;
  const subject = agentSubject(id, "transcript");
  const start = after === undefined ? { sinceMs } : { from: Math.max(first, after + 1) };
  const entries: StoredEntry[] = [];
  const isNew = createDoubleCheck();
  let firstRead: number | undefined;
  let read = 0;
  let has_newer = false;
  for await (const message of readStream(bus, { stream, subjects: [subject], ...start })) {
    if (message.seq < first) continue;
    const atMs = Date.parse(message.at);
    if (before !== undefined && message.seq >= before) break;
    if (untilMs !== undefined && atMs > untilMs) break;
    if (sinceMs !== undefined && atMs < sinceMs) continue;
    if (entries.length >= limit || read >= limit * mostReadTimes) {
      has_newer = true;
      break;
    }
    firstRead ??= message.seq;
    read += 1;
    const entry = decodeEntry(id, message);
    if (isNew(entry)) entries.push(entry);
  }
  const older =
    firstRead === undefined
      ? []
      : await readLastMessages(bus, { stream, subject, from: first, before: firstRead, count: 1 });
  return { entries, has_older: older.length > 0, has_newer };
}

/**
 * Follows an agent's conversation from after a sequence, without the entries of a removed agent that had the same name. Returns the
 * function that ends that.
 */
export function followTranscript(
  bus: Bus,
  id: AgentId,
  after: number,
  { log, onEntry }: { readonly log: Logger; readonly onEntry: (entry: StoredEntry) => void },
): () => Promise<void> {
  const ending = new AbortController();
  const { signal } = ending;
  const begin = async () => {
    while (!signal.aborted) {
      try {
        const last = Math.max(after, await removedEntriesTo(bus, id));
        if (signal.aborted) return undefined;
        return followStream(bus, {
          stream: streams.transcripts,
          subjects: [agentSubject(id, "transcript")],
          from: last + 1,
          log,
          onMessage: (message) => onEntry(decodeEntry(id, message)),
        });
      } catch (error) {
        log.debug(`the transcript of ${id} is not followed yet: ${messageOf(error)}`);
        await pause(tryAgainMs, signal);
      }
    }
    return undefined;
  };
  const following = begin();
  return async () => {
    ending.abort();
    await (await following)?.stop();
  };
}

/** Leaves out an entry that was stored twice. */
function decodeEntries(id: AgentId, messages: readonly StreamMessage[]): StoredEntry[] {
  return messages.map((message) => decodeEntry(id, message)).filter(createDoubleCheck());
}

/** Tells of each entry whether it was not asked about before. */
function createDoubleCheck(): (entry: StoredEntry) => boolean {
  const known = new Set<string>();
  return ({ session_id, instance_id, entry_id }) => {
    const key = `${session_id ?? instance_id ?? ""} ${entry_id}`;
    const isNew = !known.has(key);
    known.add(key);
    return isNew;
  };
}

/** What is no entry becomes a note that says why: agents can publish anything on their own subject. */
function decodeEntry(id: AgentId, { data, seq, at }: StreamMessage): StoredEntry {
  try {
    const entry = decodeFromAgent(TranscriptEntrySchema, data, id);
    return { ...entry, seq, at: entry.timestamp ?? at };
  } catch (error) {
    return { kind: "note", entry_id: `malformed-${seq}`, text: messageOf(error), is_error: true, seq, at };
  }
}
