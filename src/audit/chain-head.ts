// Finds the last checkpoint of the chain. The writer continues from it; the verifier compares it with the stream.
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

/** The end of the chain, where the next checkpoint continues. */
export interface ChainEnd {
  /** Undefined at the beginning of the chain. */
  readonly head: ChainHead | undefined;
  /** The sequence of the last checkpoint in the stream; 0 if there is none. */
  readonly checkpointSeq: number;
  /** The retention that the last checkpoint in the stream names; if there is none, the one in the head store. */
  readonly retention: Retention | undefined;
}

export interface HeadStore {
  read(): Promise<ChainHead | undefined>;
  write(head: ChainHead): Promise<void>;
}

/** The bucket `serve` must exist; the server creates it. */
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

/** Takes the last checkpoint in the stream, or the one in the head store if that is newer, because the stream may have lost it. */
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

/** Undefined if the data is not a checkpoint. */
export function readCheckpoint(data: Uint8Array): Checkpoint | undefined {
  try {
    return decodeMessage(CheckpointSchema, data);
  } catch {
    // The caller reports it as an altered checkpoint.
    return undefined;
  }
}
