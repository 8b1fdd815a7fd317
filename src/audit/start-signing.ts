// This room holds the signed history: writing, reading, verifying, exporting and replaying the stream AUDIT.
//
// Starts the checkpoints that sign what the stream AUDIT holds.
import type { Logger } from "../log.ts";
import type { Bus } from "../nats/bus.ts";
import { type AuditRetention, defaultAuditRetention } from "../nats/jetstream/streams.ts";
import { startCheckpoints } from "./checkpoints.ts";
import type { HeadFile } from "./head-file.ts";
import type { SigningKey } from "./signing.ts";

export interface AuditOptions {
  /** Signs the checkpoints; without one there are none. */
  readonly key?: SigningKey | undefined;
  /** Where the end of the chain is noted besides, outside of the store. */
  readonly headFile?: HeadFile | undefined;
  readonly retention?: AuditRetention | undefined;
  /** Whether heartbeats are kept as well. */
  readonly heartbeats?: boolean | undefined;
  /** Whether this server is the one of several that signs; always, when left out. */
  readonly isLeader?: (() => boolean) | undefined;
}

/**
 * Signs what the stream AUDIT holds, where this server is the one that signs. Resolves its `stop` once what came so far is signed.
 * The stream AUDIT and the bucket `serve` must be there.
 */
export function startSigning(
  bus: Bus,
  options: AuditOptions,
  now: () => Date,
  log: Logger,
): { stop(): Promise<void> } {
  const { key, headFile, retention = defaultAuditRetention, isLeader = () => true } = options;
  if (key === undefined) return { stop: () => Promise.resolve() };
  return startCheckpoints(bus, { key, headFile, retention, isLeader, now, log });
}
