// Repeats an action while a cluster of nats-servers elects a leader, of JetStream or of one stream, because it gets no
// answer until then.

import type { NatsConnection } from "nats";
import { pause } from "../waiting.ts";
import { isElecting, isShortOfPeers, isTimeout } from "./errors.ts";

/** nats-server 2.15 elects 4 to 9 s after a leader was lost, and has no setting for that. */
const electionMs = 12_000;
/** A cluster that has just started learns of its servers one after the other. */
const formingMs = 5_000;
const retryEveryMs = 250;

/** Whether the server that this is connected to is one of several. */
export function isClustered(connection: Pick<NatsConnection, "info">): boolean {
  return connection.info?.cluster !== undefined;
}

export interface ElectionOptions {
  /** Whether doing it twice does no harm. Only then is it repeated after no answer in time. */
  readonly isRepeatable: boolean;
}

/** Does it, and repeats it while a cluster elects; throws the last error after that. A single server never elects. */
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
