// Writes to a bucket by compare-and-set with the revision seen last. A serve that was suspended and lost the lease
// meanwhile therefore overwrites nothing of its successor.
import type { Bucket } from "../../nats/jetstream/bucket.ts";

export interface FencedWriter {
  /** Notes what revision a key has; false when a later one is known already. */
  saw(key: string, revision: number): boolean;
  /**
   * Undefined when it is written. Nothing is when the key has changed since it was seen: then what it holds now is given,
   * and the next write goes over that.
   */
  write(key: string, value: unknown): Promise<{ readonly present: unknown } | undefined>;
}

export function createFencedWriter(bucket: Bucket): FencedWriter {
  const revisions = new Map<string, number>();
  const saw = (key: string, revision: number) => {
    const isNewest = revision >= (revisions.get(key) ?? 0);
    if (isNewest) revisions.set(key, revision);
    return isNewest;
  };
  return {
    saw,
    async write(key, value) {
      const known = revisions.get(key);
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
    },
  };
}
