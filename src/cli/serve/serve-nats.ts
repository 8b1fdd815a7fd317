// Connects serve to NATS: its own connection, the system account's (which tells of the agents' connections), and the roles
// by credentials. With --nats-url or --insecure there is the first alone.
import { ensureAgentAccounts } from "../../credentials/agent-accounts.ts";
import { readFleetRevocations, readMintedAgents } from "../../credentials/agent-grants.ts";
import { moveOutOfFleetAccount } from "../../credentials/agent-keys.ts";
import { operatorCredsPath, readTrust } from "../../credentials/keys.ts";
import { createMintedRoles } from "../../credentials/role-by-credentials.ts";
import type { Role } from "../../domain/wire/roles.ts";
import type { Logger } from "../../log.ts";
import { buildClaims, type Claims, mintUser, type NatsKeys } from "../../nats/accounts/credentials.ts";
import { type ConnectionEvent, watchConnections } from "../../nats/accounts/system-account.ts";
import type { Bus } from "../../nats/bus.ts";
import { connectBus } from "../../nats/connect-bus.ts";
import type { CliContext } from "../frame/context.ts";

/** Serve is back before the bridges are: what they send on their return must find it listening. */
const firstReconnectMs = 100;

export interface ServeNats {
  readonly bus: Bus;
  /** What the clients of the data directory connect with. */
  readonly clientCreds?: string;
  readonly followConnections?: (onEvent: (event: ConnectionEvent) => void) => () => void;
  readonly roleOf?: (id: string) => Role;
}

export interface ServeNatsOptions {
  readonly url: string;
  /** Those of our own nats-server; undefined for one that others run, and with --insecure. */
  readonly keys: NatsKeys | undefined;
  /** For a server that others run. */
  readonly credsPath: string | undefined;
  readonly dataDir: string;
  readonly now: () => Date;
  readonly log: Logger;
}

/** Whom our own nats-server believes: read anew at each of its starts, with all that was revoked until then. */
export function claimsOf(
  dataDir: string,
  keys: NatsKeys,
  { now, log }: Pick<CliContext, "now" | "log">,
): () => Promise<Claims> {
  return async () => {
    await moveOutOfFleetAccount(dataDir, keys, now(), log);
    await ensureAgentAccounts(dataDir, keys, readMintedAgents(dataDir));
    return await buildClaims(keys, readFleetRevocations(dataDir));
  };
}

/** The connections are closed with the parts. @throws CliaiError `nats_unreachable`, `refused` */
export async function connectServe(
  { url, keys, credsPath, dataDir, now, log }: ServeNatsOptions,
  parts: AsyncDisposableStack,
): Promise<ServeNats> {
  const name = "cliai serve";
  const connect = async (creds: { creds?: string; credsPath?: string | undefined }) => {
    const bus = await connectBus({ url, name, firstReconnectMs, log, ...creds });
    parts.defer(() => bus.close());
    return bus;
  };
  if (keys === undefined) {
    const bus = await connect({ credsPath });
    return credsPath === undefined ? { bus } : { bus, clientCreds: credsPath };
  }
  // Its own users live in this process alone: they are written nowhere.
  const trust = await readTrust(dataDir);
  const system = await connect({ creds: (await mintUser(keys.system, { name })).creds + trust });
  return {
    bus: await connect({ creds: (await mintUser(keys.account, { name })).creds + trust }),
    clientCreds: operatorCredsPath(dataDir),
    followConnections: (onEvent) => watchConnections(system, onEvent, log),
    roleOf: createMintedRoles(dataDir, now, log),
  };
}
