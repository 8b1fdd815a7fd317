// Stores the last alert of each kind and agent in the bucket `serve`, for the next start and for other serves. The stream AUDIT has the
// history of alerts.
import * as v from "valibot";
import { messageOf } from "../../domain/text/errors.ts";
import { type Alert, AlertSchema } from "../../domain/wire/messages.ts";
import { buckets, dashboardAlertSubject } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import { openBucket, openExistingBucket } from "../../nats/jetstream/bucket.ts";
import type { Following } from "../../nats/jetstream/follow.ts";
import { followBucket } from "../../nats/jetstream/follow-bucket.ts";
import { alertKey, keyOfAlert } from "./alerts.ts";

const prefix = "alert.";
const retryMs = 1_000;

export interface AlertStore {
  /** Calls `onStored` with each alert that was stored when the store was opened, oldest first, and then with each that any serve writes. */
  follow(onStored: (alert: Alert) => void): void;
  /** Stores the alert, and tries again until that succeeds. */
  keep(alert: Alert): void;
  /** Deletes the alert, and tries again until that succeeds. */
  drop(alert: Alert): void;
  stop(): Promise<void>;
}

export interface AlertStoreOptions {
  readonly replicas: number;
  readonly log: Logger;
}

/** Resolves when the stored alerts have been read. */
export async function openAlertStore(bus: Bus, options: AlertStoreOptions): Promise<AlertStore> {
  const { replicas, log } = options;
  const bucket = await openBucket(bus, buckets.serve, { replicas });
  const entries = [...(await bucket.entries())].filter(([key]) => key.startsWith(prefix));
  entries.sort(([, a], [, b]) => a.revision - b.revision);
  let following: Following | undefined;

  /** What is to be written, by key; undefined means to delete the key. */
  const waiting = new Map<string, Alert | undefined>();
  let writing: Promise<void> | undefined;
  const writeAll = async () => {
    for (const [key, alert] of waiting) {
      if (alert === undefined) await bucket.delete(key);
      else await bucket.put(key, alert);
      if (waiting.get(key) === alert) waiting.delete(key);
    }
  };
  const flush = () => {
    if (!bus.isConnected() || waiting.size === 0) return;
    writing ??= writeAll()
      .catch((error: unknown) => log.debug(`alerts are not stored yet: ${messageOf(error)}`))
      .finally(() => {
        writing = undefined;
      });
  };
  const timer = setInterval(flush, retryMs);
  const note = (alert: Alert, value: Alert | undefined) => {
    waiting.set(prefix + keyOfAlert(alert), value);
    flush();
  };

  return {
    follow(onStored) {
      const take = (value: unknown) => {
        const alert = readAlert(value);
        if (alert !== undefined) onStored(alert);
      };
      for (const [, { value }] of entries) take(value);
      following = followBucket(bus, {
        bucket: buckets.serve,
        keys: `${prefix}>`,
        from: (entries.at(-1)?.[1].revision ?? 0) + 1,
        log,
        onChange: ({ value }) => take(value),
      });
    },
    keep: (alert) => note(alert, alert),
    drop: (alert) => note(alert, undefined),
    async stop() {
      clearInterval(timer);
      await writing;
      flush();
      await writing;
      await following?.stop();
    },
  };
}

/**
 * Ends, for a person, the open alert of a kind that belongs to no agent. Every serve takes the change over from the bucket.
 * @returns false if there is no such alert
 */
export async function closeAlert(bus: Bus, kind: string, now: Date): Promise<boolean> {
  const bucket = await openExistingBucket(bus, buckets.serve);
  const key = prefix + alertKey(kind, undefined);
  for (;;) {
    const entry = await bucket.entry(key);
    const alert = readAlert(entry?.value);
    if (entry === undefined || alert === undefined || alert.resolved_at !== undefined) return false;
    const closed = { ...alert, resolved_at: now.toISOString() };
    // The alert has changed since it was read: read it again.
    if ((await bucket.replace(key, closed, entry.revision)) === undefined) continue;
    bus.publish(dashboardAlertSubject, closed);
    await bus.flush();
    return true;
  }
}

/** Undefined for a value that is not an alert; something else wrote it. */
function readAlert(value: unknown): Alert | undefined {
  const read = v.safeParse(AlertSchema, value);
  return read.success ? read.output : undefined;
}
