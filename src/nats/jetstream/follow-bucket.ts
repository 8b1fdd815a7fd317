// Follows the changes of a KV bucket, whoever makes them. bucket.ts reads the values that the bucket holds at the start.
import { messageOf } from "../../domain/text/errors.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../bus.ts";
import { bucketStream, bucketSubject, readValue } from "./bucket.ts";
import { type Following, followStream } from "./follow.ts";

export interface BucketChange {
  readonly key: string;
  /** Undefined if the key was deleted; null if the value is not JSON, which we never write. */
  readonly value: unknown;
  readonly revision: number;
}

export interface FollowBucketOptions {
  readonly bucket: string;
  /** Only these keys, such as `alert.>`; default all. */
  readonly keys?: string;
  /** The first revision to report. */
  readonly from: number;
  readonly log: Logger;
  readonly onChange: (change: BucketChange) => void;
}

export function followBucket(bus: Bus, options: FollowBucketOptions): Following {
  const { bucket, keys = ">", from, log, onChange } = options;
  const prefix = bucketSubject(bucket, "");
  return followStream(bus, {
    stream: bucketStream(bucket),
    subjects: [bucketSubject(bucket, keys)],
    from,
    log,
    onMessage: ({ subject, data, seq, removesKey }) => {
      const key = subject.slice(prefix.length);
      try {
        onChange({ key, value: removesKey ? undefined : readValue(data), revision: seq });
      } catch (error) {
        log.warn(`${key} in the bucket ${bucket}: ${messageOf(error)}`);
      }
    },
  });
}
