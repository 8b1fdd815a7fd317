// Whether the server can take anything now, and why not.
import { storeDamaged } from "../inbox/lost-orders.ts";
import type { Health } from "../server.ts";
import type { Foundation } from "./foundation.ts";
import type { ServerOptions } from "./server-options.ts";

type NatsFacts = Pick<ServerOptions, "natsRestarts" | "storeTrouble">;

/** Why nothing can be stored, for a person; undefined when it can. */
export function troubleOf({ bus, lease }: Foundation, { storeTrouble }: NatsFacts): string | undefined {
  if (!bus.isConnected()) return "the connection to NATS is lost; it is tried again";
  // The lease is written each second, so its error is the store's error.
  const why = storeTrouble?.() ?? lease.trouble()?.message;
  return why === undefined ? undefined : `the store takes nothing: ${why}`;
}

export function healthOf(foundation: Foundation, options: NatsFacts): Health {
  const { bus, alerts, malformed } = foundation;
  const reason = troubleOf(foundation, options);
  const damage = alerts.open().find(({ kind }) => kind === storeDamaged)?.message;
  return {
    ready: reason === undefined,
    ...(reason === undefined ? {} : { reason }),
    ...(damage === undefined ? {} : { damage }),
    nats: {
      connected: bus.isConnected(),
      version: bus.serverVersion,
      restarts: options.natsRestarts(),
    },
    malformed: malformed.count(),
  };
}
