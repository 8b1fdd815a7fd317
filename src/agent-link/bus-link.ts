// A link over a connection that somebody else keeps: the one of serve, for the agents for which serve itself speaks.
import { CliaiError } from "../domain/text/errors.ts";
import type { Bus } from "../nats/bus.ts";
import type { Link } from "./link.ts";

/** Closing the link leaves the connection open. */
export function linkOver(bus: Bus): Link {
  const connectedBus = () => (bus.isConnected() ? bus : undefined);
  const trouble = () => (bus.isConnected() ? undefined : "the connection to NATS is lost");
  return {
    bus: connectedBus,
    async connected(signal) {
      const back = Promise.withResolvers<Bus>();
      const abort = () => back.reject(new CliaiError("nats_unreachable", trouble() ?? "not waited for"));
      const unlisten = bus.onConnection((isUp) => {
        if (isUp) back.resolve(bus);
      });
      signal.addEventListener("abort", abort, { once: true });
      try {
        if (bus.isConnected()) return bus;
        if (signal.aborted) abort();
        return await back.promise;
      } finally {
        unlisten();
        signal.removeEventListener("abort", abort);
      }
    },
    onChange: (listener) => bus.onConnection((isUp) => listener(isUp ? bus : undefined)),
    trouble,
    close: () => Promise.resolve(),
  };
}
