// Tells whether the server can store anything now, and if not, why.
import { definedOf } from "../../domain/defined.ts";
import type { CliaiError } from "../../domain/text/errors.ts";
import { storeDamaged } from "../inbox/lost-orders.ts";
import type { Health } from "../server.ts";
import type { Foundation } from "./foundation.ts";
import type { ServerOptions } from "./server-options.ts";

type NatsFacts = Pick<ServerOptions, "natsRestarts" | "storeTrouble">;

/** Why nothing can be stored now, in words for a person; undefined if it can. */
export function troubleOf({ bus, lease }: Foundation, { storeTrouble }: NatsFacts): string | undefined {
  if (!bus.isConnected()) return "the connection to NATS is lost; serve is reconnecting";
  // The lease is written each second, so its error is the store's error.
  const why = storeTrouble?.() ?? wordsFor(lease.trouble());
  return why === undefined ? undefined : `nothing can be stored: ${why}`;
}

/** Without the name of what was to be written, which tells a person nothing. */
function wordsFor(trouble: CliaiError | undefined): string | undefined {
  const isSilent = trouble?.code === "no_answer" || trouble?.code === "server_unreachable";
  return isSilent ? "nats-server does not answer" : trouble?.message;
}

export function healthOf(foundation: Foundation, options: NatsFacts): Health {
  const { bus, alerts, malformed } = foundation;
  const reason = troubleOf(foundation, options);
  const damage = alerts.open().find(({ kind }) => kind === storeDamaged)?.message;
  return {
    ready: reason === undefined,
    ...definedOf({ reason, damage }),
    nats: {
      connected: bus.isConnected(),
      version: bus.serverVersion,
      restarts: options.natsRestarts(),
    },
    malformed: malformed.count(),
  };
}
