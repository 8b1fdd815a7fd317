// This room holds what bridge and host share: the connection, heartbeats, the intake of orders, receipts, tool calls.
//
// The connection of a host or bridge to NATS. It is made in the background, and again whenever it is closed for good, so the
// host's or bridge's start does not wait for it. After a short loss the bus reconnects by itself.
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import type { Logger } from "../log.ts";
import type { Bus } from "../nats/bus.ts";
import { pause } from "../waiting.ts";

const firstRetryMs = 1_000;
const slowestRetryMs = 15_000;

export interface Link {
  /** The bus; undefined while it is not connected. */
  bus(): Bus | undefined;
  /** Resolves with a connected bus. Rejects with CliaiError `nats_unreachable` when the signal aborts. */
  connected(signal: AbortSignal): Promise<Bus>;
  /** Calls the listener with the bus at each (re)connection, and with undefined at each loss. Returns a function that removes it. */
  onChange(listener: (bus: Bus | undefined) => void): () => void;
  /** Why there is no connection, in words for a person or a model; undefined if there is no trouble. */
  trouble(): string | undefined;
  /** Closes the connection, after sending what is pending, for at most `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/** @param connect one attempt, which may fail */
export function startLink(connect: () => Promise<Bus>, log: Logger): Link {
  const ending = new AbortController();
  const listeners = new Set<(bus: Bus | undefined) => void>();
  let bus: Bus | undefined;
  let trouble: string | undefined;
  let retryMs = firstRetryMs;

  const tell = (now: Bus | undefined) => {
    for (const listener of listeners) {
      try {
        listener(now);
      } catch (error) {
        // Thrown on, it would make a second connection beside this one.
        log.error(`that NATS is ${now === undefined ? "lost" : "there"} is not handled: ${messageOf(error)}`);
      }
    }
  };
  const say = (text: string, write: (text: string) => void) => {
    if (trouble !== text) write(text);
    trouble = text;
  };

  const connectOnce = async () => {
    const connected = await connect();
    if (ending.signal.aborted) {
      await connected.close({ graceMs: 0 });
      return;
    }
    bus = connected;
    trouble = undefined;
    retryMs = firstRetryMs;
    log.info(`connected to NATS ${connected.serverVersion}`);
    const unlisten = connected.onConnection((isUp) => tell(isUp ? connected : undefined));
    tell(connected);
    const reason = await connected.closed;
    unlisten();
    bus = undefined;
    tell(undefined);
    if (!ending.signal.aborted) say(`the NATS connection ended: ${reason?.message ?? "no reason"}`, log.warn);
  };

  const run = async () => {
    while (!ending.signal.aborted) {
      try {
        await connectOnce();
      } catch (error) {
        say(describe(error), log.warn);
        // Only a person can fix refused or missing credentials, so there is no hurry to try again.
        const mayComeSoon = error instanceof CliaiError && error.code === "nats_unreachable";
        if (!mayComeSoon) retryMs = slowestRetryMs;
      }
      await pause(retryMs * (1 - Math.random() / 5), ending.signal);
      retryMs = Math.min(2 * retryMs, slowestRetryMs);
    }
  };
  void run();

  const connectedBus = () => (bus?.isConnected() ? bus : undefined);
  const whyNot = () => {
    const refusal = bus?.refusal();
    return refusal === undefined ? trouble : describe(refusal);
  };
  return {
    bus: connectedBus,
    async connected(signal) {
      const now = connectedBus();
      if (now !== undefined) return now;
      const { promise, resolve, reject } = Promise.withResolvers<Bus>();
      const take = (next: Bus | undefined) => {
        if (next !== undefined) resolve(next);
      };
      const abort = () => reject(new CliaiError("nats_unreachable", whyNot() ?? "not connected to NATS yet"));
      if (signal.aborted) abort();
      signal.addEventListener("abort", abort, { once: true });
      listeners.add(take);
      try {
        return await promise;
      } finally {
        listeners.delete(take);
        signal.removeEventListener("abort", abort);
      }
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    trouble: whyNot,
    async close(graceMs) {
      ending.abort();
      await bus?.close({ graceMs });
    },
  };
}

function describe(error: unknown): string {
  const hint = error instanceof CliaiError ? error.hint : undefined;
  return hint === undefined ? messageOf(error) : `${messageOf(error)}; ${hint}`;
}
