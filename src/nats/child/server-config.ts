// Builds the configuration file of the nats-server that `serve` runs, as text. Pure.

import { join } from "node:path";
import { loopback } from "../../domain/wire/own-address.ts";
import type { Claims } from "../accounts/credentials.ts";
import { isAtLeast } from "./server-version.ts";

/** Older ones refuse the line, and write to the disk every two minutes. */
const syncSince = "2.10.0";
/** Older ones refuse the line. */
const closedClientsSince = "2.11.0";
/** nats-server remembers closed connections with their credentials, 10,000 of them by default. */
const closedClientsKept = 100;
/** What a nats-server does that is told nothing. */
const ownSync = "2m";

export interface ServerTls {
  readonly certPath: string;
  readonly keyPath: string;
}

export interface ServerConfig {
  /** Of the nats-server that will read it, without a leading `v`. */
  readonly serverVersion: string;
  /** Distinguishes this run of the server from another one on the same port. */
  readonly serverName: string;
  /** Default: this machine alone. */
  readonly host?: string | undefined;
  /** -1 lets nats-server choose; it then writes the port into `portsDir`. */
  readonly port: number;
  readonly storeDir: string;
  readonly portsDir: string;
  readonly maxPayloadBytes: number;
  /** When it writes to the disk: before each confirmation (`always`), or at an interval (`2m`). */
  readonly sync: string;
  /** Paths of PEM files; without them it does not speak TLS. */
  readonly tls?: ServerTls | undefined;
  /** The claims that it trusts, and the folder for accounts and revocations; without it, nats-server admits anybody. */
  readonly trust?: { readonly claims: Claims; readonly accountsDir: string } | undefined;
}

/** Whether that nats-server writes to the disk when it is told to. */
export function canSync(serverVersion: string, sync: string): boolean {
  return sync === ownSync || isAtLeast(serverVersion, syncSince);
}

/** Where nats-server looks for accounts, one file `<public key>.jwt` each. */
export function accountsDirOf(dir: string): string {
  return join(dir, "accounts");
}

/** A quoted string of the NATS configuration language: JSON's escapes are understood by it. */
const quote = (text: string) => JSON.stringify(text);

export function buildServerConfig(config: ServerConfig): string {
  // The language wants a blank before `{` (nats-server 2.9 to 2.15).
  return `# Written by cliai at each start; changes are lost.
server_name: ${quote(config.serverName)}
host: ${quote(config.host ?? loopback)}
port: ${config.port}
ports_file_dir: ${quote(config.portsDir)}
max_payload: ${config.maxPayloadBytes}
max_pending: 67108864
write_deadline: "10s"
${isAtLeast(config.serverVersion, closedClientsSince) ? `max_closed_clients: ${closedClientsKept}\n` : ""}jetstream {
  store_dir: ${quote(config.storeDir)}
${isAtLeast(config.serverVersion, syncSince) ? `  sync_interval: ${quote(config.sync)}\n` : ""}}
${config.tls === undefined ? "" : tlsLines(config.tls)}${config.trust === undefined ? "" : trustLines(config.trust)}`;
}

function tlsLines({ certPath, keyPath }: ServerTls): string {
  return `tls {
  cert_file: ${quote(certPath)}
  key_file: ${quote(keyPath)}
}
`;
}

/** The resolver `full`, for the agents' accounts: `memory` takes no new one and no revocation while the server runs. */
function trustLines({ claims, accountsDir }: NonNullable<ServerConfig["trust"]>): string {
  const { operator, system, account } = claims;
  return `operator: ${quote(operator)}
system_account: ${quote(system.key)}
resolver {
  type: full
  dir: ${quote(accountsDir)}
  allow_delete: false
  interval: "2m"
}
resolver_preload {
  ${system.key}: ${quote(system.jwt)}
  ${account.key}: ${quote(account.jwt)}
}
`;
}
