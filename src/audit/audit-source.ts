// The three things that can be verified: the stream AUDIT, a copy of it, an exported file. Each offers the same two
// readings.
import type { ChainHead } from "../domain/audit/audit.ts";
import { auditCheckpointSubject, streams } from "../domain/wire/subjects.ts";
import type { Bus } from "../nats/bus.ts";
import type { StreamMessage } from "../nats/jetstream/follow.ts";
import { readStream, readStreamFacts } from "../nats/jetstream/read-stream.ts";
import { openHeadStore } from "./chain-head.ts";
import type { HeadNote } from "./head-file.ts";

export interface AuditSource {
  /** For a person: `stream AUDIT`. */
  readonly name: string;
  /** The part of the audit that was asked for: what lies outside is not missed. */
  readonly from_seq: number;
  readonly to_seq: number;
  /** The last record of it that is known to have been there. */
  readonly last_seq: number;
  /** The size of the whole stream. */
  readonly bytes: number;
  /** Whether sequences and times are those that were signed; a copy has its own. */
  readonly isOriginal: boolean;
  /** Whether only some of the records were asked for. */
  readonly isFiltered: boolean;
  /** When the reading was made: what retention had removed by then is judged at this time. */
  readonly readAt: string;
  /** The end of the chain as it was noted outside of the stream. */
  readonly head?: ChainHead | undefined;
  /** What was noted outside of the store. */
  readonly note?: HeadNote | undefined;
  records(): AsyncIterable<StreamMessage>;
  checkpoints(): AsyncIterable<StreamMessage>;
}

export interface StreamSourceOptions {
  /** `AUDIT` when left out. */
  readonly stream?: string | undefined;
  /** What the copy's subjects begin with, such as `copy.`. */
  readonly prefix?: string | undefined;
  /** What was noted outside of the store, read before this is called. */
  readonly note?: HeadNote | undefined;
  readonly now: () => Date;
}

/** @throws CliaiError `usage` when there is no such stream */
export async function openStreamSource(bus: Bus, options: StreamSourceOptions): Promise<AuditSource> {
  const { stream = streams.audit, prefix = "", note, now } = options;
  const isOriginal = stream === streams.audit && prefix === "";
  // Read before the stream is: a checkpoint that comes in between is in the stream, and not in the note.
  const { last_seq, bytes } = await readStreamFacts(bus, stream);
  const head = isOriginal ? await (await openHeadStore(bus)).read() : undefined;
  const read = (subjects?: string[]) => withoutPrefix(readStream(bus, { stream, subjects }), prefix);
  return {
    name: `stream ${stream}`,
    from_seq: 1,
    to_seq: Number.POSITIVE_INFINITY,
    last_seq,
    bytes,
    isOriginal,
    isFiltered: false,
    readAt: now().toISOString(),
    head,
    note: isOriginal ? note : undefined,
    records: () => read(),
    checkpoints: () => read([prefix + auditCheckpointSubject]),
  };
}

async function* withoutPrefix(
  messages: AsyncIterable<StreamMessage>,
  prefix: string,
): AsyncGenerator<StreamMessage, void> {
  for await (const message of messages) {
    const { subject } = message;
    yield subject.startsWith(prefix) ? { ...message, subject: subject.slice(prefix.length) } : message;
  }
}
