// Connects serve to NATS: with its own connection, and with one in the system account, which reports the agents' connections.
// It also finds roles by credentials. With --nats-url or --insecure there is only the first connection.
import { ensureAgentAccounts } from "../../credentials/agent-accounts.ts";
import { readFleetRevocations, readMintedAgents } from "../../credentials/agent-grants.ts";
import { moveOutOfFleetAccount } from "../../credentials/agent-keys.ts";
import { operatorCredsPath, readTrust } from "../../credentials/keys.ts";
import { buildJoinClaims, ensureNodeAccounts, readNodes } from "../../credentials/nodes/nodes.ts";
import { ensurePeerAccounts, readPeers } from "../../credentials/peers.ts";
import { createMintedRoles } from "../../credentials/role-by-credentials.ts";
import type { Role } from "../../domain/wire/roles.ts";
import type { Logger } from "../../log.ts";
import { buildClaims, type Claims, mintUser, type NatsKeys } from "../../nats/accounts/credentials.ts";
import { type NatsServerFacts, readNatsServer } from "../../nats/accounts/server-facts.ts";
import { type ConnectionEvent, watchConnections } from "../../nats/accounts/system-account.ts";
import type { Bus } from "../../nats/bus.ts";
import { connectBus } from "../../nats/connect-bus.ts";
import type { CliContext } from "../frame/context.ts";

/** Serve reconnects sooner than the bridges do, so that it listens when they send what they have kept. */
const firstReconnectMs = 100;

export interface ServeNats {
  readonly bus: Bus;
  /** The file with the credentials for the commands that use this data directory. */
  readonly clientCreds?: string;
  readonly followConnections?: (onEvent: (event: ConnectionEvent) => void) => () => void;
  readonly roleOf?: (id: string) => Role;
  /** The connection in the system account. */
  readonly system?: Bus;
  /** Asks nats-server about itself. */
  readonly natsFacts?: () => Promise<NatsServerFacts>;
}

export interface ServeNatsOptions {
  readonly url: string;
  /** The keys of our own nats-server; undefined with --nats-url and with --insecure. */
  readonly keys: NatsKeys | undefined;
  /** `--nats-creds`: the credentials for the server at --nats-url. */
  readonly credsPath: string | undefined;
  readonly dataDir: string;
  readonly now: () => Date;
  readonly log: Logger;
}

/** The signed claims for our own nats-server. They are built anew at each of its starts, so that they hold all revocations. */
export function claimsOf(
  dataDir: string,
  keys: NatsKeys,
  { now, log }: Pick<CliContext, "now" | "log">,
): () => Promise<Claims> {
  return async () => {
    await moveOutOfFleetAccount(dataDir, keys, now(), log);
    await ensureAgentAccounts(dataDir, keys, readMintedAgents(dataDir));
    const warn = ({ message }: Error) => log.warn(message);
    await ensurePeerAccounts(dataDir, keys, readPeers(dataDir, warn));
    await ensureNodeAccounts(dataDir, keys, readNodes(dataDir, warn));
    const claims = await buildClaims(keys, readFleetRevocations(dataDir));
    return { ...claims, join: await buildJoinClaims(dataDir, keys, now()) };
  };
}

/**
 * Connects; the connections are closed when `parts` are disposed of.
 * @throws CliaiError `nats_unreachable`, `refused`
 */
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
  // Serve's own NATS users exist only in this process: their credentials are not written to a file.
  const trust = await readTrust(dataDir);
  const system = await connect({ creds: (await mintUser(keys.system, { name })).creds + trust });
  return {
    bus: await connect({ creds: (await mintUser(keys.account, { name })).creds + trust }),
    system,
    clientCreds: operatorCredsPath(dataDir),
    followConnections: (onEvent) => watchConnections(system, onEvent, log),
    roleOf: createMintedRoles(dataDir, now, log),
    natsFacts: () => readNatsServer(system),
  };
}
