// Keeps since when this serve hears the agents' heartbeats. Silence from before does not count.
import type { Bus } from "../../nats/bus.ts";

export interface Listening {
  /** RFC 3339. */
  since(): string;
  /** NATS has confirmed the subscriptions, so every heartbeat from now on is heard. */
  confirmed(): void;
  stop(): void;
}

export function createListening(bus: Bus, now: () => Date): Listening {
  let since = now().toISOString();
  const confirmed = () => {
    since = now().toISOString();
  };
  const stop = bus.onConnection((connected) => {
    if (connected) confirmed();
  });
  return { since: () => since, confirmed, stop };
}
