// Compares the records with their checkpoints, one checkpoint's records at a time.
import { type Checkpoint, type SignedRecord, signedRecords } from "../domain/audit/audit.ts";
import { alignRecords, type SeenRecord } from "../domain/audit/audit-alignment.ts";
import { auditCheckpointSubject } from "../domain/wire/subjects.ts";
import type { StreamMessage } from "../nats/jetstream/follow.ts";
import type { AuditSource } from "./audit-source.ts";
import type { Reporter } from "./findings.ts";
import { digestRecord } from "./signing.ts";

/** How many records beyond a checkpoint's own are read, because inserted records may have moved its own further down. */
const lookAhead = 64;
/** How many signed records are held until a later one is found. If there are more, they are reported as removed. */
const signedHeld = 1_000;

export interface RecordWalk {
  /** Skips the records before `fromSeq`, which no checkpoint covers. Reports them, unless `isExplained`. */
  skipTo(fromSeq: number, isExplained: boolean): Promise<void>;
  compare(checkpoint: Checkpoint, checkpointSeq: number): Promise<void>;
  /**
   * Reads on to the end.
   * @returns the number of records after the last signed one, without checkpoints
   */
  finish(): Promise<number>;
  /** The number of records that were read. */
  count(): number;
  /** The last of the records that are missing at the beginning; undefined if none is missing. */
  lostAtBeginning(): { readonly seq: number; readonly atMs: number } | undefined;
}

export function createRecordWalk(source: AuditSource, report: Reporter): RecordWalk {
  const { isOriginal, isFiltered, from_seq, to_seq } = source;
  const reader = createReader(source);
  let signed: SignedRecord[] = [];
  let hasBegun = false;
  let lost: { readonly seq: number; readonly atMs: number } | undefined;
  /** Whether unsigned records at this place are expected: `skipTo` has reported them, or they are explained. */
  let expectsStrangers = false;
  /** The difference between the sequences in a copy and the signed ones, at the last record that was recognized. */
  let shift = 0;
  let signedTo = 0;
  let checkpointSeq = 0;
  let lastSeq = 0;

  const settle = (limit: number, isLast: boolean) => {
    const seen = reader.queue.slice(0, limit);
    const result = alignRecords(signed, seen, { isNumbered: isOriginal, isLast });
    const first = result.same[0]?.signed.seq ?? Number.POSITIVE_INFINITY;
    for (const record of result.removed) {
      const isLost = isOriginal ? record.seq < (reader.first()?.seq ?? 0) : !hasBegun && record.seq < first;
      if (isLost) lost = record;
      else if (!isFiltered) report.row("removed", record.seq, record.seq, record.atMs);
    }
    for (const pair of result.changed) {
      // verify-chain.ts reports altered checkpoints.
      if (pair.seen.subject !== auditCheckpointSubject) report.changed(pair.signed, pair.seen);
    }
    for (const pair of result.moved) report.reordered(pair.signed, pair.seen);
    for (const record of result.inserted) if (!expectsStrangers) report.inserted(record);
    for (const pair of result.same) {
      const isKept = pair.signed.seq === pair.seen.seq && pair.signed.atMs === pair.seen.atMs;
      if (isOriginal && !isKept) report.row("renumbered", pair.signed.seq, pair.signed.seq, pair.signed.atMs);
    }
    const last = result.same.at(-1);
    if (last !== undefined) {
      hasBegun = true;
      expectsStrangers = false;
      if (!isOriginal) shift = last.seen.seq - last.signed.seq;
    }
    lastSeq = seen[result.seenSettled - 1]?.seq ?? lastSeq;
    signed = signed.slice(result.signedSettled);
    reader.queue.splice(0, result.seenSettled);
  };
  /** How many of the records in the queue can be among the signed ones so far. */
  const ownCount = () => {
    const end = reader.queue.findIndex(({ seq }) => seq >= checkpointSeq || seq - shift > signedTo);
    return end === -1 ? reader.queue.length : end;
  };

  return {
    async skipTo(fromSeq, isExplained) {
      settle(ownCount(), true);
      // In a copy, `shift` is not known before the first record is recognized, so nothing can be skipped.
      for (
        let next = await reader.peek();
        next !== undefined && (isOriginal || hasBegun);
        next = await reader.peek()
      ) {
        if (next.seq - shift >= fromSeq) break;
        if (!isExplained) report.row("unvouched", next.seq, next.seq, next.atMs);
        lastSeq = next.seq;
        reader.queue.shift();
      }
      expectsStrangers = true;
    },

    async compare(checkpoint, seq) {
      if (signedTo === 0 && checkpoint.prev_at_ms !== null) {
        lost = { seq: checkpoint.from_seq - 1, atMs: checkpoint.prev_at_ms };
      }
      [signedTo, checkpointSeq] = [checkpoint.to_seq, seq];
      const own = signedRecords(checkpoint).filter(
        (record) => record.seq >= from_seq && record.seq <= to_seq,
      );
      signed = signed.concat(own);
      await reader.fill(signed.length + lookAhead);
      settle(reader.queue.length, false);
      if (signed.length > signedHeld) settle(ownCount(), true);
    },

    async finish() {
      settle(ownCount(), true);
      await reader.fill(1);
      const last = Math.max(lastSeq, Math.min(signedTo, to_seq), (reader.first()?.seq ?? 1) - 1);
      return await walkUnsigned(source, reader, report, { last, hasSigned: signedTo > 0 });
    },

    count: reader.count,
    lostAtBeginning: () => {
      if (!isOriginal) return lost;
      const first = reader.first();
      if (first === undefined || first.seq === 1) return undefined;
      // If no checkpoint has the time of the missing record, take the time of the first present record: the missing one is not newer.
      return { seq: first.seq - 1, atMs: lost?.seq === first.seq - 1 ? lost.atMs : first.atMs };
    },
  };
}

/**
 * Reads the records after the last checkpoint. If the source is complete, reports the gaps between them.
 * @returns the number of records that no checkpoint covers
 */
async function walkUnsigned(
  { isOriginal, isFiltered, last_seq }: AuditSource,
  reader: Pick<ReturnType<typeof createReader>, "peek" | "queue" | "first">,
  report: Reporter,
  from: { readonly last: number; readonly hasSigned: boolean },
): Promise<number> {
  const isComplete = isOriginal && !isFiltered;
  let { last } = from;
  let unsigned = 0;
  for (let next = await reader.peek(); next !== undefined; next = await reader.peek()) {
    if (isComplete && next.seq > last + 1) report.row("removed", last + 1, next.seq - 1, undefined);
    if (next.subject !== auditCheckpointSubject) unsigned += 1;
    last = next.seq;
    reader.queue.shift();
  }
  const hasAny = reader.first() !== undefined || from.hasSigned;
  if (isComplete && hasAny && last < last_seq) report.row("removed", last + 1, last_seq, undefined);
  return unsigned;
}

/** Reads the records of the source's span, only as many as are needed. */
function createReader({ records, from_seq, to_seq, isOriginal }: AuditSource) {
  const iterator: AsyncIterator<StreamMessage, unknown> = records()[Symbol.asyncIterator]();
  const queue: SeenRecord[] = [];
  let first: SeenRecord | undefined;
  let hasEnded = false;
  let count = 0;
  const fill = async (length: number) => {
    while (!hasEnded && queue.length < length) {
      const { done, value } = await iterator.next();
      if (done) {
        hasEnded = true;
        return;
      }
      const { subject, data, seq, at } = value as StreamMessage;
      if (isOriginal && (seq < from_seq || seq > to_seq)) continue;
      count += 1;
      const record = { seq, subject, atMs: Date.parse(at), digest: digestRecord(subject, data) };
      first ??= record;
      queue.push(record);
    }
  };
  return {
    queue,
    fill,
    peek: async () => {
      await fill(1);
      return queue[0];
    },
    count: () => count,
    /** The first record; undefined if it was not read yet, or there is none. */
    first: () => first,
  };
}
