// Asks a NATS server for its clock, its store and its streams, for `cliai doctor`.
import type { StreamInfo } from "nats";
import type { Bus } from "../bus.ts";
import { isNotFound, translateNatsError } from "../errors.ts";

export interface JetStreamHealth {
  readonly storedBytes: number;
  /** Undefined if only the disk limits the store. */
  readonly storeLimitBytes: number | undefined;
  /** Those of the `wanted` streams that do not exist. */
  readonly missingStreams: readonly string[];
  /** How far nats-server's clock is ahead of ours, within half the time of the request; undefined before nats-server 2.10. */
  readonly clockAheadMs: number | undefined;
}

/** @throws CliaiError if JetStream is off or does not answer */
export async function readJetStreamHealth(
  bus: Bus,
  wanted: readonly string[],
  now: () => Date,
): Promise<JetStreamHealth> {
  try {
    const manager = await bus.connection.jetstreamManager();
    const { storage, limits } = await manager.getAccountInfo();
    const missingStreams: string[] = [];
    let clockAheadMs: number | undefined;
    for (const name of wanted) {
      const askedAt = now().getTime();
      const info = await manager.streams.info(name).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
        missingStreams.push(name);
        return undefined;
      });
      const between = (askedAt + now().getTime()) / 2;
      // `ts` came with nats-server 2.10; the types of nats 2.29 lack it.
      const told = Date.parse((info as (StreamInfo & { readonly ts?: string }) | undefined)?.ts ?? "");
      if (!Number.isNaN(told)) clockAheadMs = told - between;
    }
    const storeLimitBytes = limits.max_storage > 0 ? limits.max_storage : undefined;
    return { storedBytes: storage, storeLimitBytes, missingStreams, clockAheadMs };
  } catch (error) {
    throw translateNatsError(error, "read the state of JetStream");
  }
}
