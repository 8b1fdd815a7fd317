// How a connection to NATS is lost and comes back: how long to wait before each try, and what the `nats` package tells of it.
import { DebugEvents, Events, type NatsConnection } from "nats";
import type { CliaiError } from "../domain/text/errors.ts";
import type { Logger } from "../log.ts";
import { refusalOf } from "./errors.ts";

export const firstReconnectMs = 1_000;
const slowestReconnectMs = 15_000;

/**
 * Waits of 1 s or what else is the first, then twice as long each time up to 15 s, with up to a fifth taken off so that a fleet does not return
 * at once. By the time since the loss, not by attempts: nats 2.29 asks again during each wait.
 */
export function createBackoff(firstMs: number): { next: () => number; reset: () => void } {
  const jitter = 1 - Math.random() / 5;
  let lostAt: number | undefined;
  return {
    next: () => {
      lostAt ??= performance.now();
      const elapsed = performance.now() - lostAt;
      return jitter * Math.min(slowestReconnectMs, Math.max(firstMs, elapsed / 2));
    },
    reset: () => {
      lostAt = undefined;
    },
  };
}

interface StatusWatch {
  onConnection(connected: boolean, server: string): void;
  onRefusal(error: CliaiError): void;
}

export async function watchStatus(
  connection: NatsConnection,
  log: Logger,
  watch: StatusWatch,
): Promise<void> {
  for await (const { type, data } of connection.status()) {
    const refusal = type === Events.Error ? refusalOf(data, "connect again") : undefined;
    if (type === Events.Disconnect || type === Events.Reconnect) {
      watch.onConnection(type === Events.Reconnect, String(data));
    } else if (refusal !== undefined) {
      watch.onRefusal(refusal);
    } else if (type === Events.Error) {
      log.warn(`NATS: ${data}`);
    } else if (type !== DebugEvents.PingTimer) {
      log.debug(`NATS: ${type} ${JSON.stringify(data)}`);
    }
  }
}
