// Repeats an action while a cluster of nats-servers elects a leader of JetStream or of one stream, because requests get no answer
// until then.

import type { NatsConnection } from "nats";
import { pause } from "../waiting.ts";
import { isElecting, isShortOfPeers, isTimeout } from "./errors.ts";

/** nats-server 2.15 elects a new leader 4 to 9 s after it lost one. No setting changes that. */
const electionMs = 12_000;
/** A cluster that has just started finds its servers one after the other. */
const formingMs = 5_000;
const retryEveryMs = 250;

/** Whether the server of this connection belongs to a cluster. */
export function isClustered(connection: Pick<NatsConnection, "info">): boolean {
  return connection.info?.cluster !== undefined;
}

export interface ElectionOptions {
  /** Whether `act` does no harm if it is done twice. Only then is it repeated after a time-out. */
  readonly isRepeatable: boolean;
}

/** Calls `act`, and again while a cluster elects a leader. Throws the last error. With a single server, it calls `act` once. */
export async function overElections<T>(
  connection: Pick<NatsConnection, "info">,
  act: () => Promise<T>,
  { isRepeatable }: ElectionOptions,
): Promise<T> {
  const startedMs = performance.now();
  for (;;) {
    try {
      return await act();
    } catch (error) {
      const waitMs = isClustered(connection) ? worthWaitingMs(error, isRepeatable) : 0;
      if (performance.now() - startedMs >= waitMs) throw error;
      await pause(retryEveryMs);
    }
  }
}

function worthWaitingMs(error: unknown, isRepeatable: boolean): number {
  if (isShortOfPeers(error)) return formingMs;
  return isElecting(error) || (isRepeatable && isTimeout(error)) ? electionMs : 0;
}
