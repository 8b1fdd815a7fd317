// Since when this serve hears the agents: before, nobody's silence says anything.
import type { Bus } from "../../nats/bus.ts";

export interface Listening {
  /** RFC 3339. */
  since(): string;
  /** From now on all is heard: NATS has confirmed the subscriptions. */
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
