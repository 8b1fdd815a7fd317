// Finds the last checkpoint of the chain: a writer continues from it, a verifier compares it with the stream.
import * as v from "valibot";
import {
  type ChainHead,
  ChainHeadSchema,
  type Checkpoint,
  CheckpointSchema,
  type Retention,
  signedRecords,
} from "../domain/audit/audit.ts";
import { decodeMessage } from "../domain/wire/decode.ts";
import { auditCheckpointSubject, buckets, streams } from "../domain/wire/subjects.ts";
import type { Bus } from "../nats/bus.ts";
import { type Bucket, openExistingBucket } from "../nats/jetstream/bucket.ts";
import { readLastMessage } from "../nats/jetstream/read-stream.ts";

const key = "audit_head";

/** Where the next checkpoint goes on. */
export interface ChainEnd {
  /** Undefined at the beginning of the chain. */
  readonly head: ChainHead | undefined;
  /** The stream sequence of the last checkpoint; 0 for none. */
  readonly checkpointSeq: number;
  /** What the last checkpoint says of retention; where the stream has none, the note. */
  readonly retention: Retention | undefined;
}

export interface HeadStore {
  read(): Promise<ChainHead | undefined>;
  write(head: ChainHead): Promise<void>;
}

/** The bucket must be there: the server makes it. */
export async function openHeadStore(bus: Bus): Promise<HeadStore> {
  const bucket: Bucket = await openExistingBucket(bus, buckets.serve);
  return {
    read: async () => {
      const result = v.safeParse(ChainHeadSchema, await bucket.get(key));
      return result.success ? result.output : undefined;
    },
    write: (head) => bucket.put(key, head),
  };
}

/** Whichever is further: the last checkpoint of the stream, or what was noted of one that has been taken out of it. */
export async function findChainEnd(bus: Bus, store: HeadStore): Promise<ChainEnd> {
  const last = await readLastMessage(bus, streams.audit, auditCheckpointSubject);
  const noted = await store.read();
  const own = last === undefined ? undefined : readCheckpoint(last.data);
  const inStream = own === undefined ? undefined : headOf(own);
  const isNotedFurther = noted !== undefined && (inStream === undefined || inStream.to_seq <= noted.to_seq);
  return {
    head: isNotedFurther ? noted : inStream,
    checkpointSeq: last?.seq ?? 0,
    retention: (own ?? noted)?.retention,
  };
}

export function headOf(checkpoint: Checkpoint): ChainHead {
  const last = signedRecords(checkpoint).at(-1);
  const { to_seq, hash, retention } = checkpoint;
  return { to_seq, at_ms: last?.atMs ?? 0, hash, retention };
}

/** Undefined for what is no checkpoint. */
export function readCheckpoint(data: Uint8Array): Checkpoint | undefined {
  try {
    return decodeMessage(CheckpointSchema, data);
  } catch {
    // Whoever reads the chain names it as altered.
    return undefined;
  }
}
