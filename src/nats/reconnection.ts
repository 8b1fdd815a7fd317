// Reconnection to NATS: how long to wait before each try, and what the `nats` package reports about the connection.
import { DebugEvents, ErrorCode, Events, type NatsConnection, NatsError } from "nats";
import { CliaiError } from "../domain/text/errors.ts";
import type { Logger } from "../log.ts";
import { atMost } from "../waiting.ts";
import type { Bus } from "./bus.ts";
import { refusalOf } from "./errors.ts";

export const firstReconnectMs = 1_000;
const slowestReconnectMs = 15_000;

/**
 * The waits between tries: `firstMs`, then half the time since the loss, up to 15 s. Each process shortens its waits by up to a
 * fifth, so that a fleet does not come back all at once. They depend on the time since the loss and not on the number of tries,
 * because nats 2.29 calls `next` several times during a wait.
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

/** What a request fails with whose signal aborts. */
export function cancelled(): CliaiError {
  return new CliaiError("interrupted", "the call was cancelled");
}

interface Losable extends Pick<Bus, "onConnection" | "closed"> {
  /** Whether the connection is lost and may come back. */
  isLost(): boolean;
}

/**
 * Waits until the lost connection is back, because nats 2.29 drops what is published meanwhile when it connects again.
 * @returns what is left of `timeoutMs`, at least 1
 * @throws NatsError `DISCONNECT` if the connection is not back in time
 * @throws CliaiError `interrupted` if the signal aborts meanwhile
 */
export async function untilBack(bus: Losable, timeoutMs: number, signal?: AbortSignal): Promise<number> {
  const startedMs = performance.now();
  const over = Promise.withResolvers<void>();
  const end = () => over.resolve();
  const unlisten = bus.onConnection(end);
  signal?.addEventListener("abort", end, { once: true });
  try {
    if (signal?.aborted !== true) await atMost(timeoutMs, over.promise, bus.closed);
  } finally {
    unlisten();
    signal?.removeEventListener("abort", end);
  }
  if (signal?.aborted === true) throw cancelled();
  if (bus.isLost()) throw NatsError.errorForCode(ErrorCode.Disconnect);
  return Math.max(1, timeoutMs - (performance.now() - startedMs));
}
