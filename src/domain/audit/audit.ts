// This room holds the records of the audit and the filters on them.
//
// The server's own records in the stream AUDIT: tool calls, malformed messages, and the signed checkpoints, which show tampering. This file has
// the types, the schemas and the text that is signed; `src/audit` hashes and signs it.
import * as v from "valibot";
import type { AgentId } from "../wire/agent-id.ts";

/** `audit.tools.{id}`: one answered tool call. */
export interface ToolRecord {
  readonly request_id: string | null;
  readonly agent_id: AgentId;
  readonly tool: string;
  /** The arguments, or the first part of their JSON if they are long. */
  readonly arguments: unknown;
  /** The full size, if only the first part was kept. */
  readonly arguments_bytes?: number;
  readonly success: boolean;
  readonly error?: string;
  readonly took_ms: number;
  readonly at: string;
}

/** `audit.malformed[.{id}]`: a message that could not be decoded, or that named another agent than its subject. */
export interface MalformedRecord {
  readonly subject: string;
  readonly error: string;
  readonly bytes: number;
  /** The first 4 KiB, as text; `sample_base64` if they are not UTF-8. */
  readonly sample?: string;
  readonly sample_base64?: string;
  readonly at: string;
}

/** `audit.malformed`: how many malformed messages were not recorded, because too many came. */
export interface OmittedRecord {
  readonly omitted: number;
  readonly omitted_bytes: number;
  readonly since: string;
  readonly until: string;
}

const wholeNumber = v.pipe(v.number(), v.safeInteger());
const sequence = v.pipe(wholeNumber, v.minValue(0));

/** The settings and the state of retention when a checkpoint was made. They decide whether a gap at the beginning is due to retention. */
const RetentionSchema = v.strictObject({
  /** The oldest record that the stream held. */
  first_seq: sequence,
  bytes: sequence,
  max_age_s: v.number(),
  max_bytes: v.number(),
});
export type Retention = v.InferOutput<typeof RetentionSchema>;

/** `audit.checkpoint`: the digests of the records `from_seq` to `to_seq`, chained to the checkpoint before, and signed. */
export const CheckpointSchema = v.strictObject({
  version: v.literal(1),
  stream: v.string(),
  from_seq: v.pipe(sequence, v.minValue(1)),
  to_seq: v.pipe(sequence, v.minValue(1)),
  /** The digest of each record, in order: SHA-256 over subject, a zero byte and payload, as base64url. */
  digests: v.array(v.string()),
  /** When each record was stored: the first in ms since 1970, each other one as the difference to the one before. */
  times: v.array(wholeNumber),
  /** When the record before `from_seq` was stored; null at the beginning of the chain. */
  prev_at_ms: v.nullable(wholeNumber),
  retention: RetentionSchema,
  /** The hash of the checkpoint before; null at the beginning of the chain. */
  prev: v.nullable(v.string()),
  at: v.string(),
  /** Ed25519, base64url. */
  public_key: v.string(),
  /** SHA-256 of the {@link signedText}, base64url. */
  hash: v.string(),
  /** The Ed25519 signature of the text of `hash`, base64url. */
  signature: v.string(),
});
export type Checkpoint = v.InferOutput<typeof CheckpointSchema>;

/** Everything that a checkpoint's hash covers, as one text that does not depend on the order of keys. */
export function signedText(checkpoint: Omit<Checkpoint, "hash" | "signature">): string {
  const { version, stream, from_seq, to_seq, digests, times, prev_at_ms, retention, prev, at, public_key } =
    checkpoint;
  const { first_seq, bytes, max_age_s, max_bytes } = retention;
  const kept = [first_seq, bytes, max_age_s, max_bytes];
  return JSON.stringify([
    ...["cliai audit checkpoint", version, stream, from_seq, to_seq],
    ...[digests, times, prev_at_ms, kept, prev, at, public_key],
  ]);
}

/** The end of the chain. It is stored outside the stream, so that `audit verify` notices if the stream's end was cut off. */
export const ChainHeadSchema = v.object({
  to_seq: sequence,
  /** When record `to_seq` was stored. */
  at_ms: wholeNumber,
  hash: v.string(),
  retention: RetentionSchema,
});
export type ChainHead = v.InferOutput<typeof ChainHeadSchema>;

/** What a checkpoint says about one record. */
export interface SignedRecord {
  readonly seq: number;
  readonly atMs: number;
  readonly digest: string;
}

/** The records that a checkpoint covers. Its lists must be as long as its range: see {@link isWellFormed}. */
export function signedRecords({ from_seq, digests, times }: Checkpoint): SignedRecord[] {
  let atMs = 0;
  return digests.map((digest, index) => {
    atMs += times[index] ?? 0;
    return { seq: from_seq + index, atMs, digest };
  });
}

/** Whether a checkpoint's lists are as long as its range. */
export function isWellFormed({ from_seq, to_seq, digests, times }: Checkpoint): boolean {
  const count = to_seq - from_seq + 1;
  return count === digests.length && count === times.length;
}

/** NATS takes no larger message: `maxPayloadBytes` in src/nats/payload.ts. */
const largestMessageBytes = 8 * 1024 * 1024;

/**
 * Whether retention explains, at the time `atMs`, that all records up to the one stored at `lostAtMs` are gone. By age: that record had
 * expired. By size: the stream is full, except for the space of the last removed messages.
 */
export function isDueToRetention(lostAtMs: number, atMs: number, retention: Retention): boolean {
  const clockSlackMs = 2_000;
  const { bytes, max_age_s, max_bytes } = retention;
  const byAge = max_age_s > 0 && lostAtMs + max_age_s * 1_000 <= atMs + clockSlackMs;
  const room = Math.min(2 * largestMessageBytes, max_bytes / 4);
  return byAge || (max_bytes > 0 && bytes >= max_bytes - room);
}
