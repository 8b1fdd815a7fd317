// Reads the recorded history with a filter. nats-server selects by subject and start; this file tests the rest.
import { type AuditFilter, auditSubjects, createAuditTest } from "../domain/audit/audit-filter.ts";
import { auditCheckpointSubject, streams } from "../domain/wire/subjects.ts";
import type { Logger } from "../log.ts";
import type { Bus } from "../nats/bus.ts";
import { type Following, followStream, type StreamMessage } from "../nats/jetstream/follow.ts";
import { readStream, readStreamFacts } from "../nats/jetstream/read-stream.ts";
import { readCheckpoint } from "./chain-head.ts";
import type { ExportHeader } from "./export-file.ts";

/** The present records, oldest first; checkpoints only if the filter asks for that kind. */
export async function* readAudit(bus: Bus, filter: AuditFilter): AsyncGenerator<StreamMessage, void> {
  yield* readFrom(bus, filter, undefined);
}

/** The newest `limit` records, oldest first. Reads the stream backwards in growing steps, and holds only those records. */
export async function readNewest(bus: Bus, filter: AuditFilter, limit: number): Promise<StreamMessage[]> {
  return (await readBefore(bus, filter, { limit })).records;
}

export interface BackwardsOptions {
  readonly limit: number;
  /** Only records before this sequence. */
  readonly before?: number | undefined;
  /** The search ends after the step in which this moment of `performance.now` has passed. */
  readonly untilMs?: number | undefined;
}

export interface BackwardsPage {
  /** Oldest first. */
  readonly records: StreamMessage[];
  /** All records from this sequence up to `before` were looked at, or are beyond the limit: go on before it. */
  readonly from: number;
  /** The first sequence that can have matching records. Nothing is left if `from` is not above it. */
  readonly lowest: number;
  /** When the oldest message that is kept was stored, if the stream has had older ones; RFC 3339. */
  readonly trimmedBefore: string | undefined;
}

/** So many records are read in half a second, even if they are large. */
const mostInTime = 50_000;

/** The newest `limit` records before a sequence. Reads the stream backwards in growing steps, and holds only those records. */
export async function readBefore(
  bus: Bus,
  filter: AuditFilter,
  { limit, before: end, untilMs = Number.POSITIVE_INFINITY }: BackwardsOptions,
): Promise<BackwardsPage> {
  const { first_seq, last_seq, oldest_at } = await readStreamFacts(bus, streams.audit);
  const { sinceMs } = filter;
  const since = sinceMs === undefined ? 1 : ((await firstSeqSince(bus, sinceMs)) ?? last_seq + 1);
  const lowest = Math.max(since, first_seq);
  let records: StreamMessage[] = [];
  let before = Math.min(end ?? Number.POSITIVE_INFINITY, last_seq + 1);
  // A search that has to end in time looks at the time often enough.
  const widest = untilMs === Number.POSITIVE_INFINITY ? untilMs : mostInTime;
  for (let width = limit * 2; records.length < limit && before > lowest; width *= 8) {
    const from = Math.max(lowest, before - Math.min(width, widest));
    const found: StreamMessage[] = [];
    for await (const message of readFrom(bus, filter, from, before)) {
      found.push(message);
      if (found.length > limit - records.length) found.shift();
    }
    records = [...found, ...records];
    before = from;
    if (performance.now() > untilMs) break;
  }
  const [oldest] = records;
  const from = records.length >= limit && oldest !== undefined ? oldest.seq : before;
  const trimmedBefore = first_seq > 1 && lowest === first_seq ? oldest_at : undefined;
  return { records, from, lowest, trimmedBefore };
}

export interface OnwardOptions {
  /** The first sequence. */
  readonly from: number;
  /** The reading ends at the next record after this moment of `performance.now`. */
  readonly untilMs: number;
  /** Whether the record is the last one that is wanted. */
  readonly isEnough: (record: StreamMessage) => boolean;
}

/**
 * Calls `isEnough` with the records that fit, oldest first. Resolves to the sequence up to which all were looked at; undefined if it came
 * to the end.
 */
export async function lookOnward(
  bus: Bus,
  filter: AuditFilter,
  { from, untilMs, isEnough }: OnwardOptions,
): Promise<number | undefined> {
  const test = createAuditTest(filter);
  const subjects = auditSubjects(filter);
  for await (const message of readStream(bus, { stream: streams.audit, subjects, from })) {
    // The time counts for each record, because perhaps none fits.
    if ((test(message) && isEnough(message)) || performance.now() > untilMs) return message.seq;
  }
  return undefined;
}

/** Calls `onRecord` for each record from `from` on, until it is stopped. */
export function followAudit(
  bus: Bus,
  filter: AuditFilter,
  from: number | "new",
  log: Logger,
  onRecord: (record: StreamMessage) => void,
): Following {
  const test = createAuditTest(filter);
  const subjects = auditSubjects(filter);
  const onMessage = (message: StreamMessage) => {
    if (test(message)) onRecord(message);
  };
  return followStream(bus, { stream: streams.audit, subjects, from, log, onMessage });
}

/**
 * The contents of an export: header and records. An export with a filter or a span also has all checkpoints that cover its
 * records.
 */
export async function openExport(
  bus: Bus,
  filter: AuditFilter,
  now: Date,
): Promise<{ readonly header: ExportHeader; readonly records: AsyncIterable<StreamMessage> }> {
  const { first_seq, last_seq, bytes } = await readStreamFacts(bus, streams.audit);
  const { sinceMs, untilMs, agent, kind, text } = filter;
  const isFiltered = [agent, kind, text].some((part) => part !== undefined);
  const from_seq = sinceMs === undefined ? 1 : ((await firstSeqSince(bus, sinceMs)) ?? last_seq + 1);
  const after = untilMs === undefined ? undefined : await firstSeqSince(bus, untilMs + 1);
  const to_seq = after === undefined ? last_seq : after - 1;
  const header: ExportHeader = {
    cliai_audit_export: 1,
    stream: streams.audit,
    exported_at: now.toISOString(),
    // 1 if the span covers the beginning of the stream: then verify also judges whether retention removed what came before.
    from_seq: from_seq <= first_seq ? 1 : from_seq,
    to_seq,
    stream_bytes: bytes,
    filtered: isFiltered,
  };
  return { header, records: readSpan(bus, filter, isFiltered, from_seq, to_seq) };
}

async function* readSpan(
  bus: Bus,
  filter: AuditFilter,
  isFiltered: boolean,
  from: number,
  to: number,
): AsyncGenerator<StreamMessage, void> {
  const test = createAuditTest({ ...filter, sinceMs: undefined, untilMs: undefined });
  const subjects = isFiltered ? [...new Set([...auditSubjects(filter), auditCheckpointSubject])] : undefined;
  for await (const message of readStream(bus, { stream: streams.audit, subjects, from })) {
    const isCheckpoint = message.subject === auditCheckpointSubject;
    if (message.seq <= to) {
      if (isCheckpoint || !isFiltered || test(message)) yield message;
    } else if (isCheckpoint) {
      yield message;
      if ((readCheckpoint(message.data)?.to_seq ?? 0) >= to) return;
    }
  }
}

async function firstSeqSince(bus: Bus, sinceMs: number): Promise<number | undefined> {
  for await (const { seq } of readStream(bus, { stream: streams.audit, sinceMs })) return seq;
  return undefined;
}

/** @param before ends before this sequence, also if no record from there on fits the filter */
async function* readFrom(
  bus: Bus,
  filter: AuditFilter,
  from: number | undefined,
  before = Number.POSITIVE_INFINITY,
): AsyncGenerator<StreamMessage, void> {
  const test = createAuditTest(filter);
  const { sinceMs, untilMs = Number.POSITIVE_INFINITY } = filter;
  const start = from === undefined ? { sinceMs } : { from };
  const subjects = auditSubjects(filter);
  for await (const message of readStream(bus, { stream: streams.audit, subjects, ...start })) {
    if (message.seq >= before || Date.parse(message.at) > untilMs) return;
    if (test(message)) yield message;
  }
}
