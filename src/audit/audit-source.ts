// The sources that can be verified: the stream AUDIT, a copy of that stream, and an exported file (export-file.ts). Each gives its
// records and its checkpoints as an `AuditSource`.
import type { ChainHead } from "../domain/audit/audit.ts";
import { auditCheckpointSubject, streams } from "../domain/wire/subjects.ts";
import type { Bus } from "../nats/bus.ts";
import type { StreamMessage } from "../nats/jetstream/follow.ts";
import { readStream, readStreamFacts } from "../nats/jetstream/read-stream.ts";
import { openHeadStore } from "./chain-head.ts";
import type { HeadNote } from "./head-file.ts";

export interface AuditSource {
  /** The name to show a person, such as `stream AUDIT`. */
  readonly name: string;
  /** The span of the audit that the source holds. Records outside of it are not reported as missing. */
  readonly from_seq: number;
  readonly to_seq: number;
  /** The last record that the source is known to have held. */
  readonly last_seq: number;
  /** The size of the whole stream. */
  readonly bytes: number;
  /** Whether the records have the sequences and times that were signed. A copy of the stream has sequences and times of its own. */
  readonly isOriginal: boolean;
  /** Whether the source holds only some of the records of its span. */
  readonly isFiltered: boolean;
  /** When the source was read. This is the time at which retention is judged. */
  readonly readAt: string;
  /** The end of the chain, from the bucket `serve`. */
  readonly head?: ChainHead | undefined;
  /** The end of the chain and the losses, from the file beside the signing key (head-file.ts). */
  readonly note?: HeadNote | undefined;
  records(): AsyncIterable<StreamMessage>;
  checkpoints(): AsyncIterable<StreamMessage>;
}

export interface StreamSourceOptions {
  /** The stream's name; default `AUDIT`. */
  readonly stream?: string | undefined;
  /** The prefix of the copy's subjects, such as `copy.`. */
  readonly prefix?: string | undefined;
  /** From head-file.ts. Read it before calling this, so that it is not newer than the stream. */
  readonly note?: HeadNote | undefined;
  readonly now: () => Date;
}

/** @throws CliaiError `usage` if there is no such stream */
export async function openStreamSource(bus: Bus, options: StreamSourceOptions): Promise<AuditSource> {
  const { stream = streams.audit, prefix = "", note, now } = options;
  const isOriginal = stream === streams.audit && prefix === "";
  // Read the head before the stream: a checkpoint that is written in between is then only in the stream, which is no finding.
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
