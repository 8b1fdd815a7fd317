// Stores the last alert of each kind and agent in the bucket `serve`, for the next start and for other serves. Their
// history is in the stream AUDIT.
import * as v from "valibot";
import { messageOf } from "../../domain/text/errors.ts";
import { type Alert, AlertSchema } from "../../domain/wire/messages.ts";
import { buckets, dashboardAlertSubject } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import { openBucket, openExistingBucket } from "../../nats/jetstream/bucket.ts";
import type { Following } from "../../nats/jetstream/follow.ts";
import { followBucket } from "../../nats/jetstream/follow-bucket.ts";
import { alertKey } from "./alerts.ts";

const prefix = "alert.";
const retryMs = 1_000;

export interface AlertStore {
  /** Gives out each alert that was kept when the store was opened, the oldest first, and then each that any serve writes. */
  follow(onStored: (alert: Alert) => void): void;
  keep(alert: Alert): void;
  drop(alert: Alert): void;
  stop(): Promise<void>;
}

export interface AlertStoreOptions {
  readonly replicas: number;
  readonly log: Logger;
}

/** Resolves when what is kept has been read. */
export async function openAlertStore(bus: Bus, options: AlertStoreOptions): Promise<AlertStore> {
  const { replicas, log } = options;
  const bucket = await openBucket(bus, buckets.serve, { replicas });
  const entries = [...(await bucket.entries())].filter(([key]) => key.startsWith(prefix));
  entries.sort(([, a], [, b]) => a.revision - b.revision);
  let following: Following | undefined;

  /** By key; undefined for one to be deleted. */
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
      .catch((error: unknown) => log.debug(`alerts are not kept yet: ${messageOf(error)}`))
      .finally(() => {
        writing = undefined;
      });
  };
  const timer = setInterval(flush, retryMs);
  const note = ({ kind, agent_id }: Alert, value: Alert | undefined) => {
    waiting.set(prefix + alertKey(kind, agent_id), value);
    flush();
  };

  return {
    follow(onStored) {
      /** Ignores values that are not alerts: something else than a serve wrote them. */
      const take = (value: unknown) => {
        const read = v.safeParse(AlertSchema, value);
        if (read.success) onStored(read.output);
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
 * Ends the open alert of a kind that no agent caused, for a person: every serve takes that over.
 * @returns false when there is none
 */
export async function closeAlert(bus: Bus, kind: string, now: Date): Promise<boolean> {
  const bucket = await openExistingBucket(bus, buckets.serve);
  const key = prefix + alertKey(kind, undefined);
  for (;;) {
    const entry = await bucket.entry(key);
    const alert = entry?.value as Alert | undefined;
    if (entry === undefined || alert === undefined || alert.resolved_at !== undefined) return false;
    const closed = { ...alert, resolved_at: now.toISOString() };
    // It was counted up since it was read, so it is read again.
    if ((await bucket.replace(key, closed, entry.revision)) === undefined) continue;
    bus.publish(dashboardAlertSubject, closed);
    await bus.flush();
    return true;
  }
}
