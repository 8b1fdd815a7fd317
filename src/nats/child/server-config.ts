// Builds the configuration file of the nats-server that `serve` runs, as text. Pure.

import { join } from "node:path";
import { loopback } from "../../domain/wire/own-address.ts";
import type { Claims } from "../accounts/credentials.ts";
import { isAtLeast } from "./server-version.ts";

/** The first version with the setting `sync_interval`. Older ones refuse it, and flush to the disk every two minutes. */
const syncSince = "2.10.0";
/** The first version with the setting `max_closed_clients`. Older ones refuse it. */
const closedClientsSince = "2.11.0";
/** The first version with the setting `default_sentinel` with which this was tried. Older ones refuse it. */
const sentinelSince = "2.12.0";
/** How many closed connections nats-server remembers, with their credentials. Its default is 10,000, which takes memory. */
const closedClientsKept = 100;
/** The interval of a nats-server without the setting. */
const ownSync = "2m";

export interface ServerTls {
  readonly certPath: string;
  readonly keyPath: string;
}

export interface ServerConfig {
  /** The version of the nats-server that will read this, without a leading `v`. */
  readonly serverVersion: string;
  /** Distinguishes this run of the server from another one on the same port. */
  readonly serverName: string;
  /** The address to listen on; default loopback. */
  readonly host?: string | undefined;
  /** -1 lets nats-server choose; it then writes the port into `portsDir`. */
  readonly port: number;
  readonly storeDir: string;
  readonly portsDir: string;
  readonly maxPayloadBytes: number;
  /** Whether it ends when its starter has died. It then writes a line into the broken pipe of its log: about the connection that has ended. */
  readonly endsWithStarter?: boolean | undefined;
  /** When nats-server flushes to the disk: before each confirmation (`always`), or at an interval (`2m`). */
  readonly sync: string;
  /** Paths of PEM files; undefined for no TLS. */
  readonly tls?: ServerTls | undefined;
  /** The claims that nats-server trusts, and the folder for accounts and revocations. If undefined, it lets everybody in. */
  readonly trust?: { readonly claims: Claims; readonly accountsDir: string } | undefined;
}

/** Whether that version of nats-server obeys `sync`. */
export function canSync(serverVersion: string, sync: string): boolean {
  return sync === ownSync || isAtLeast(serverVersion, syncSince);
}

/** Whether that version of nats-server can let machines join, which have no credentials yet. */
export function hasSentinel(serverVersion: string): boolean {
  return isAtLeast(serverVersion, sentinelSince);
}

/** Where nats-server looks for accounts, one file `<public key>.jwt` each. */
export function accountsDirOf(dir: string): string {
  return join(dir, "accounts");
}

/** Quotes a string. The NATS configuration language understands JSON's escapes. */
const quote = (text: string) => JSON.stringify(text);

export function buildServerConfig(config: ServerConfig): string {
  // The configuration language needs a blank before `{` (nats-server 2.9 to 2.15).
  return `# Written by cliai at each start; changes are lost.
server_name: ${quote(config.serverName)}
host: ${quote(config.host ?? loopback)}
port: ${config.port}
ports_file_dir: ${quote(config.portsDir)}
max_payload: ${config.maxPayloadBytes}
max_pending: 67108864
write_deadline: "10s"
${config.endsWithStarter === true ? "debug: true\n" : ""}${isAtLeast(config.serverVersion, closedClientsSince) ? `max_closed_clients: ${closedClientsKept}\n` : ""}jetstream {
  store_dir: ${quote(config.storeDir)}
${isAtLeast(config.serverVersion, syncSince) ? `  sync_interval: ${quote(config.sync)}\n` : ""}}
${config.tls === undefined ? "" : tlsLines(config.tls)}${config.trust === undefined ? "" : trustLines(config.trust, config.serverVersion)}`;
}

function tlsLines({ certPath, keyPath }: ServerTls): string {
  return `tls {
  cert_file: ${quote(certPath)}
  key_file: ${quote(keyPath)}
}
`;
}

/** Uses the resolver `full`, because `memory` accepts no new account and no revocation while nats-server runs. */
function trustLines(
  { claims, accountsDir }: NonNullable<ServerConfig["trust"]>,
  serverVersion: string,
): string {
  const { operator, system, account } = claims;
  const join = hasSentinel(serverVersion) ? claims.join : undefined;
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
${join === undefined ? "" : `  ${join.key}: ${quote(join.jwt)}\n`}}
${join === undefined ? "" : `default_sentinel: ${quote(join.sentinel)}\n`}`;
}
