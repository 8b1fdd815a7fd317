// An audit in memory: records, and the checkpoints that sign them, as the server would have stored them. No stream is needed to read it.
import type { AuditSource } from "../../src/audit/audit-source.ts";
import { headOf } from "../../src/audit/chain-head.ts";
import { createSigningKey, digestRecord, type SigningKey, signCheckpoint } from "../../src/audit/signing.ts";
import type { ChainHead, Checkpoint, Retention } from "../../src/domain/audit/audit.ts";
import { auditCheckpointSubject } from "../../src/domain/wire/subjects.ts";
import type { StreamMessage } from "../../src/nats/jetstream/follow.ts";
import { bytesOf } from "./audit-fixture.ts";

const beganMs = Date.parse("2026-05-03T12:00:00Z");

/** When the record with this sequence was stored: each second one. */
export const storedMs = (seq: number) => beganMs + seq * 1_000;
export const storedAt = (seq: number) => new Date(storedMs(seq)).toISOString();

/** Retention that removes nothing. */
export const keepsAll: Retention = { first_seq: 1, bytes: 100, max_age_s: 86_400, max_bytes: 1e9 };

/** A status of ada's, as it is stored. */
export function record(seq: number, text = `step ${seq}`): StreamMessage {
  return { seq, subject: "agent.ada.status", data: bytesOf(text), at: storedAt(seq) };
}

export interface SignedSpan {
  /** How many records come before its checkpoint. */
  readonly records: number;
  readonly key?: SigningKey;
  readonly retention?: Partial<Retention>;
}

export interface SignedAudit {
  readonly key: SigningKey;
  /** All records in their order, the checkpoints among them. */
  readonly all: StreamMessage[];
  readonly checkpoints: StreamMessage[];
  /** What each checkpoint says. */
  readonly signed: Checkpoint[];
  readonly head: ChainHead;
}

/** Signs spans of records: `[{ records: 3 }, { records: 2 }]` is records 1 to 3, checkpoint 4, records 5 and 6, checkpoint 7. */
export function signAudit(spans: readonly SignedSpan[], key = createSigningKey()): SignedAudit {
  const all: StreamMessage[] = [];
  const signed: Checkpoint[] = [];
  for (const { records, key: own = key, retention } of spans) {
    const before = signed.at(-1);
    const from_seq = (before?.to_seq ?? 0) + 1;
    for (let n = 0; n < records; n += 1) all.push(record(all.length + 1));
    const covered = all.slice(from_seq - 1);
    const checkpoint = signCheckpoint(
      {
        ...{ version: 1, stream: "AUDIT", from_seq, to_seq: all.length },
        digests: covered.map(({ subject, data }) => digestRecord(subject, data)),
        times: covered.map(({ seq }, index) => (index === 0 ? storedMs(seq) : 1_000)),
        prev_at_ms: before === undefined ? null : storedMs(from_seq - 1),
        retention: { ...keepsAll, ...retention },
        prev: before?.hash ?? null,
        at: storedAt(all.length + 1),
      },
      own,
    );
    signed.push(checkpoint);
    all.push(checkpointMessage(all.length + 1, checkpoint));
  }
  const last = signed.at(-1);
  if (last === undefined) throw new Error("an audit has at least one span");
  const checkpoints = all.filter(({ subject }) => subject === auditCheckpointSubject);
  return { key, all, checkpoints, signed, head: headOf(last) };
}

export function checkpointMessage(seq: number, checkpoint: Checkpoint): StreamMessage {
  return {
    seq,
    subject: auditCheckpointSubject,
    data: bytesOf(JSON.stringify(checkpoint)),
    at: storedAt(seq),
  };
}

/** The stream AUDIT with these records. */
export function sourceOf(records: readonly StreamMessage[], more: Partial<AuditSource> = {}): AuditSource {
  const last_seq = records.at(-1)?.seq ?? 0;
  return {
    ...{ name: "stream AUDIT", from_seq: 1, to_seq: Number.POSITIVE_INFINITY, last_seq, bytes: 100 },
    ...{ isOriginal: true, isFiltered: false, readAt: storedAt(last_seq) },
    records: () => inOrder(records),
    checkpoints: () => inOrder(records.filter(({ subject }) => subject === auditCheckpointSubject)),
    ...more,
  };
}

async function* inOrder(records: readonly StreamMessage[]): AsyncGenerator<StreamMessage, void> {
  yield* records;
}
