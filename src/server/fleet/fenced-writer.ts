// Writes to a bucket by compare-and-set with the revision that was seen last. So a serve that was suspended, and has lost the lease
// meanwhile, cannot overwrite what its successor has written.
import type { Bucket } from "../../nats/jetstream/bucket.ts";

export interface FencedWriter {
  /** Notes the revision of a key. Returns false if a later one is known already. */
  saw(key: string, revision: number): boolean;
  /**
   * Writes the value, and resolves with undefined. If the key has changed since it was seen, writes nothing, and resolves with the
   * present value; the next write overwrites that.
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
