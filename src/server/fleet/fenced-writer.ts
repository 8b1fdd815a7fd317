// Writes to a bucket by compare-and-set with the revision that was seen last. So a serve that was suspended, and has lost the lease
// meanwhile, cannot overwrite what its successor has written.
import { type Bucket, type BucketWrite, togetherAtOnce } from "../../nats/jetstream/bucket.ts";

/** Nothing was written, because the key has changed since it was seen. `present` is its value now; undefined if it has none. */
export interface Conflict {
  readonly present: unknown;
}

export interface FencedWriter {
  /** Notes the revision of a key. Returns false if a later one is known already. */
  saw(key: string, revision: number): boolean;
  /** Writes the value. After a conflict, the next write overwrites the present value. */
  write(key: string, value: unknown): Promise<Conflict | undefined>;
  /**
   * Writes the values of different keys, many of them with one sync to the disk if the bucket was opened for that. Returns the conflict of
   * each, in the same order.
   */
  writeAll(values: readonly KeyValue[]): Promise<(Conflict | undefined)[]>;
}

type KeyValue = readonly [key: string, value: unknown];

export function createFencedWriter(bucket: Bucket): FencedWriter {
  const revisions = new Map<string, number>();
  const saw = (key: string, revision: number) => {
    const isNewest = revision >= (revisions.get(key) ?? 0);
    if (isNewest) revisions.set(key, revision);
    return isNewest;
  };
  const write = async ({ key, value, revision: known }: BucketWrite): Promise<Conflict | undefined> => {
    const revision =
      known === undefined ? await bucket.create(key, value) : await bucket.replace(key, value, known);
    if (revision !== undefined) {
      saw(key, revision);
      return undefined;
    }
    const entry = await bucket.entry(key);
    if (entry === undefined) revisions.delete(key);
    else saw(key, entry.revision);
    return { present: entry?.value };
  };
  const writeSome = async (writes: readonly BucketWrite[]): Promise<(Conflict | undefined)[]> => {
    const written = await bucket.replaceTogether(writes);
    if (written === undefined) return await Promise.all(writes.map(write));
    for (const [index, { key }] of writes.entries()) saw(key, written[index] ?? 0);
    return writes.map(() => undefined);
  };
  const fenced = ([key, value]: KeyValue): BucketWrite => ({ key, value, revision: revisions.get(key) });
  return {
    saw,
    write: (key, value) => write(fenced([key, value])),
    async writeAll(values) {
      // All revisions at once: what is seen while the first are written is newer than the values that the others have.
      const writes = values.map(fenced);
      const conflicts: (Conflict | undefined)[] = [];
      for (let n = 0; n < writes.length; n += togetherAtOnce.most)
        conflicts.push(...(await writeSome(writes.slice(n, n + togetherAtOnce.most))));
      return conflicts;
    },
  };
}
