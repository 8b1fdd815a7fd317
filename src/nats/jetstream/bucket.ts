// A KV bucket of JSON values.
import { type KV, StorageType } from "nats";
import { parseJson } from "../../domain/wire/decode.ts";
import { leastForBatch, mostInBatch, publishBatch } from "../batch-publish.ts";
import type { Bus } from "../bus.ts";
import { overElections } from "../elections.ts";
import { isWrongSequence, translateNatsError } from "../errors.ts";
import { jetStreamManagerOf } from "../jetstream-manager.ts";
import { encode } from "../payload.ts";
import { allowBatches, ensureCopies } from "./streams.ts";

export interface BucketEntry {
  /** Null if it is not JSON. The reader has to check it against a schema. */
  readonly value: unknown;
  /** The bucket's sequence of this write. It grows with each write to the bucket, to any key. */
  readonly revision: number;
}

export interface BucketWrite {
  readonly key: string;
  readonly value: unknown;
  /** The revision that must still be the present one; undefined if the key must have no value. */
  readonly revision: number | undefined;
}

export interface Bucket {
  /** All keys with their present values. */
  entries(): Promise<Map<string, BucketEntry>>;
  get(key: string): Promise<unknown>;
  put(key: string, value: unknown): Promise<void>;
  /** The value with its revision, for {@link Bucket.replace}. */
  entry(key: string): Promise<BucketEntry | undefined>;
  /** Writes only if the key has no value, and returns the revision; undefined if it has one. */
  create(key: string, value: unknown): Promise<number | undefined>;
  /** Writes only if `revision` is still the present one. Returns the new revision; undefined if somebody else has written. */
  replace(key: string, value: unknown, revision: number): Promise<number | undefined>;
  /**
   * Writes all the values with one sync to the disk, if the bucket was opened for that and `togetherAtOnce` says that their number is right.
   * @returns the revisions, in the same order; undefined if nothing was written, for example because somebody else has written one of the keys.
   * Then write each by itself.
   * @throws CliaiError if no answer comes: then all of them are written, or none
   */
  replaceTogether(writes: readonly BucketWrite[]): Promise<number[] | undefined>;
  delete(key: string): Promise<void>;
  /** Deletes the key and its history. It leaves no marker, which would stay for ever, so followers do not learn of it. */
  erase(key: string): Promise<void>;
}

/** The stream behind a bucket, and the subjects of its keys. */
export const bucketStream = (name: string) => `KV_${name}`;
export const bucketSubject = (name: string, key: string) => `$KV.${name}.${key}`;

/** How many values of {@link Bucket.replaceTogether} are written together: for fewer it is slower than to write each by itself. */
export const togetherAtOnce = { least: leastForBatch, most: mostInBatch } as const;

/**
 * Opens a bucket, or creates it.
 * @param options.keptMs how long a value is kept after it was written; default: until it is deleted
 * @param options.together whether values may be written together. No agent may have the right to write into the bucket
 */
export async function openBucket(
  bus: Bus,
  name: string,
  {
    replicas,
    keptMs,
    together = false,
  }: { readonly replicas: number; readonly keptMs?: number; readonly together?: boolean },
): Promise<Bucket> {
  const kept = keptMs === undefined ? {} : { ttl: keptMs };
  const state = { hasBatches: false };
  const bucket = await open(
    bus,
    name,
    { replicas, history: 1, storage: StorageType.File, ...kept },
    () => state.hasBatches,
  );
  // An existing bucket keeps its number of copies.
  if (replicas > 1) await ensureCopies(bus, bucketStream(name), replicas);
  if (together) state.hasBatches = await allowBatches(bus, bucketStream(name));
  return bucket;
}

/** Opens a bucket that must exist. Clients use this, because only the server creates buckets. */
export async function openExistingBucket(bus: Bus, name: string): Promise<Bucket> {
  return await open(bus, name, { bindOnly: true }, () => false);
}

async function open(bus: Bus, name: string, options: object, hasBatches: () => boolean): Promise<Bucket> {
  const doing = (act: string) => `${act} the bucket ${name}`;
  const translated = async <T>(act: string, isRepeatable: boolean, todo: () => Promise<T>): Promise<T> => {
    try {
      return await overElections(bus.connection, todo, { isRepeatable });
    } catch (error) {
      throw translateNatsError(error, doing(act));
    }
  };
  const kv = await translated("open", true, () => bus.connection.jetstream().views.kv(name, options));
  const read = <T>(todo: () => Promise<T>) => translated("read", true, todo);
  const write = <T>(todo: () => Promise<T>) => translated("write", false, todo);
  return {
    entries: () => read(() => readAll(kv)),
    get: async (key) => {
      const entry = await read(() => kv.get(key));
      return entry === null || entry.operation !== "PUT" ? undefined : readValue(entry.value);
    },
    put: async (key, value) => {
      await write(() => kv.put(key, JSON.stringify(value)));
    },
    entry: async (key) => {
      const entry = await read(() => kv.get(key));
      if (entry === null || entry.operation !== "PUT") return undefined;
      return { value: readValue(entry.value), revision: entry.revision };
    },
    create: (key, value) => write(() => unlessConflict(kv.create(key, JSON.stringify(value)))),
    replace: (key, value, revision) =>
      write(() => unlessConflict(kv.update(key, JSON.stringify(value), revision))),
    async replaceTogether(writes) {
      const isRightNumber = writes.length >= togetherAtOnce.least && writes.length <= togetherAtOnce.most;
      if (!hasBatches() || !isRightNumber) return undefined;
      const messages = writes.map(({ key, value, revision = 0 }) => {
        const subject = bucketSubject(name, key);
        return { subject, data: encode(subject, value), lastSeq: revision };
      });
      const first = await publishBatch(bus, messages);
      return first === undefined ? undefined : writes.map((_, index) => first + index);
    },
    delete: (key) => write(() => kv.delete(key)),
    erase: (key) =>
      translated("erase a key of", true, async () => {
        const manager = await jetStreamManagerOf(bus);
        await manager.streams.purge(bucketStream(name), { filter: bucketSubject(name, key) });
      }),
  };
}

/** Null for an empty value or one that is not JSON; this program writes neither. */
export function readValue(data: Uint8Array): unknown {
  try {
    return parseJson(data);
  } catch {
    return null; // the reader refuses it
  }
}

async function unlessConflict(write: Promise<number>): Promise<number | undefined> {
  try {
    return await write;
  } catch (error) {
    if (isWrongSequence(error)) return undefined;
    throw error;
  }
}

/** Reads all values with one watch, because reading key by key would take a request for each. */
async function readAll(kv: KV): Promise<Map<string, BucketEntry>> {
  const values = new Map<string, BucketEntry>();
  if ((await kv.status()).values === 0) return values;
  const watch = await kv.watch({ ignoreDeletes: false });
  for await (const entry of watch) {
    if (entry.operation === "PUT")
      values.set(entry.key, { value: readValue(entry.value), revision: entry.revision });
    if (entry.delta === 0) break;
  }
  return values;
}
