// Keeps what became of the last notices of each hook and target, in the bucket `serve`, so that it is known after a restart.
import * as v from "valibot";
import { messageOf } from "../domain/text/errors.ts";
import { buckets } from "../domain/wire/subjects.ts";
import type { Logger } from "../log.ts";
import type { Bus } from "../nats/bus.ts";
import { openExistingBucket } from "../nats/jetstream/bucket.ts";

const prefix = "told.";

const RecordSchema = v.object({
  /** When it was told last, RFC 3339. */
  last_at: v.exactOptional(v.string()),
  /** Why it could not be told the last time; absent if it could. */
  error: v.exactOptional(v.string()),
  error_at: v.exactOptional(v.string()),
  /** How many notices it will not get, because it has refused them. */
  dropped: v.exactOptional(v.number()),
});
export type ToldRecord = v.InferOutput<typeof RecordSchema>;

export interface Records {
  of(consumer: string): ToldRecord;
  told(consumer: string): void;
  failed(consumer: string, error: string): void;
  dropped(consumer: string, notices: number): void;
  /** Call it when nobody is told by this consumer any more. */
  forget(consumer: string): Promise<void>;
}

export interface RecordsOptions {
  readonly now: () => Date;
  readonly log: Logger;
}

export async function openRecords(bus: Bus, { now, log }: RecordsOptions): Promise<Records> {
  const bucket = await openExistingBucket(bus, buckets.serve);
  const records = new Map<string, ToldRecord>();
  const writes = new Map<string, Promise<void>>();
  for (const [key, { value }] of await bucket.entries()) {
    const read = v.safeParse(RecordSchema, value);
    if (key.startsWith(prefix) && read.success) records.set(key.slice(prefix.length), read.output);
  }
  const of = (consumer: string): ToldRecord => records.get(consumer) ?? {};
  const set = (consumer: string, record: ToldRecord) => {
    records.set(consumer, record);
    // If it fails, the next one is stored.
    const written = bucket
      .put(prefix + consumer, record)
      .catch((error: unknown) => log.debug(`${consumer} is not noted: ${messageOf(error)}`));
    writes.set(consumer, written);
  };
  return {
    of,
    told(consumer) {
      const { error: _, error_at: __, ...record } = of(consumer);
      set(consumer, { ...record, last_at: now().toISOString() });
    },
    failed: (consumer, error) => set(consumer, { ...of(consumer), error, error_at: now().toISOString() }),
    dropped(consumer, notices) {
      const record = of(consumer);
      set(consumer, { ...record, dropped: (record.dropped ?? 0) + notices });
    },
    async forget(consumer) {
      records.delete(consumer);
      await writes.get(consumer);
      writes.delete(consumer);
      await bucket
        .erase(prefix + consumer)
        .catch((error: unknown) => log.debug(`${consumer} is not forgotten: ${messageOf(error)}`));
    },
  };
}
