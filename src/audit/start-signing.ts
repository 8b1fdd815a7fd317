// This room holds the signed history: writing, reading, verifying, exporting and replaying the stream AUDIT.
//
// Starts the writing of the checkpoints that sign the records of the stream AUDIT.
import type { Logger } from "../log.ts";
import type { Bus } from "../nats/bus.ts";
import { defaultAuditRetention, type StreamRetention } from "../nats/jetstream/streams.ts";
import { startCheckpoints } from "./checkpoints.ts";
import type { HeadFile } from "./head-file.ts";
import type { SigningKey } from "./signing.ts";

export interface AuditOptions {
  /** The key that signs the checkpoints. Without it, no checkpoints are written. */
  readonly key?: SigningKey | undefined;
  /** The file that also keeps the end of the chain, outside of the store. */
  readonly headFile?: HeadFile | undefined;
  readonly retention?: StreamRetention | undefined;
  /** Whether AUDIT also stores heartbeats. */
  readonly heartbeats?: boolean | undefined;
  /** Whether AUDIT also stores what people type at the agents' terminals from elsewhere. */
  readonly keystrokes?: boolean | undefined;
  /** Whether this server, of several, is the one that signs; default: always. */
  readonly isLeader?: (() => boolean) | undefined;
}

/**
 * Signs the records of AUDIT while `isLeader` is true. `stop` resolves when the records that have come so far are signed.
 * The stream AUDIT and the bucket `serve` must exist.
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
