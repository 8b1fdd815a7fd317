// The peers: programs of others that may prompt agents by the Synadia agent protocol, or serve agents of their own. One file each in
// `keys/peers/`, and a NATS account each, in which there is nobody but that peer and serve. So no peer can hear what another one is answered.
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { keysDirOf, natsDirOf } from "../data-dir/data-dir.ts";
import { ensureOwnDir, isOwnDir, writePrivateFile } from "../data-dir/private-files.ts";
import { isTokenName } from "../domain/access/token-scopes.ts";
import { canHaveGuests } from "../domain/agent-protocol/guest-id.ts";
import { definedOf } from "../domain/defined.ts";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import { didYouMean } from "../domain/text/nearest.ts";
import { type AgentId, AgentIdSchema } from "../domain/wire/agent-id.ts";
import { decodeMessage } from "../domain/wire/decode.ts";
import type { Logger } from "../log.ts";
import {
  buildPeerAccountClaims,
  createAgentAccount,
  type Minted,
  mintUser,
  type NatsKeys,
} from "../nats/accounts/credentials.ts";
import { peerPermissions } from "../nats/accounts/permissions.ts";
import { accountsDirOf } from "../nats/child/server-config.ts";
import { readTrust } from "./keys.ts";
import { tellAccount } from "./push-revocations.ts";

const PeerFileSchema = v.object({
  name: v.pipe(v.string(), v.check(isTokenName)),
  user_key: v.string(),
  account_key: v.string(),
  /** The agents that it may prompt; absent for all. */
  agents: v.optional(v.array(AgentIdSchema)),
  /** Whether it may give permissions and approve stops. */
  may_permit: v.boolean(),
  /** Whether the agents that it serves join the fleet. */
  may_serve: v.optional(v.boolean(), false),
  created_at: v.string(),
  expires_at: v.optional(v.string()),
});
/** A peer, without its secret. Times are RFC 3339. */
export type PeerGrant = v.InferOutput<typeof PeerFileSchema>;

export interface PeerOrder {
  readonly name: string;
  readonly agents?: readonly AgentId[] | undefined;
  readonly mayPermit: boolean;
  /** Whether the agents that it serves join the fleet. Such a peer prompts only the agents that are named. */
  readonly mayServe?: boolean | undefined;
  readonly expiresAt?: Date | undefined;
  readonly now: Date;
}

const dirOf = (dataDir: string) => join(keysDirOf(dataDir), "peers");
const grantPath = (dataDir: string, name: string) => join(keysDirOf(dataDir), "peers", `${name}.json`);

/** Where the credentials of a peer are, for whoever hands them over. */
export function peerCredsPath(dataDir: string, name: string): string {
  return join(dirOf(dataDir), `${name}.creds`);
}

/**
 * Makes credentials for a peer, and writes them. They are valid at once, also while no server runs. Returns the path of the credentials.
 * @throws CliaiError `usage` for a name that cannot be one of such a peer, or is taken, also in another case; `data_dir_unwritable`
 */
export async function addPeer(dataDir: string, keys: NatsKeys, order: PeerOrder): Promise<string> {
  const { name, mayPermit, mayServe = false, agents = mayServe ? [] : undefined, expiresAt, now } = order;
  if (!isTokenName(name)) {
    throw new CliaiError("usage", `"${name}" cannot be the name of a peer`, {
      hint: "a name has up to 32 letters, digits, - and _, and begins with a letter or digit",
    });
  }
  if (mayServe && !canHaveGuests(name)) {
    throw new CliaiError(
      "usage",
      `"${name}" cannot be the name of a peer that serves agents, because of its _`,
      {
        hint: `choose a name without _, such as ${name.replaceAll("_", "-")}`,
      },
    );
  }
  const twin = peerNames(dataDir).find((each) => each.toLowerCase() === name.toLowerCase());
  if (twin !== undefined) {
    throw new CliaiError("usage", `there is a peer "${twin}" already`, {
      hint: `choose another name, or revoke that one first: cliai peers revoke ${twin}`,
    });
  }
  const account = createAgentAccount();
  const { userKey, creds } = await mintUser(keys.account, {
    // No agent can have this name, because of the colon: connections are recognised by it.
    ...{
      name: `peer:${name}`,
      account,
      permissions: peerPermissions({ prompts: agents?.length !== 0, serves: mayServe }),
    },
    ...definedOf({ expiresAt }),
  });
  const grant: PeerGrant = {
    ...{ name, user_key: userKey, account_key: account, may_permit: mayPermit },
    may_serve: mayServe,
    ...definedOf({ agents: agents && [...agents] }),
    created_at: now.toISOString(),
    ...definedOf({ expires_at: expiresAt?.toISOString() }),
  };
  await ensureOwnDir(keysDirOf(dataDir));
  await ensureOwnDir(dirOf(dataDir));
  // The grant first: credentials without one could not be revoked.
  await writePrivateFile(grantPath(dataDir, name), `${JSON.stringify(grant, null, 2)}\n`);
  await ensurePeerAccounts(dataDir, keys, [grant]);
  const path = peerCredsPath(dataDir, name);
  await writePrivateFile(path, creds + (await readTrust(dataDir)));
  return path;
}

/** Told of each file that cannot be used. It gives nobody a right, and the others count. */
export type OnUnusablePeer = (problem: CliaiError) => void;

/** All peers by name, also those whose credentials have expired. */
export function readPeers(dataDir: string, onUnusable: OnUnusablePeer): PeerGrant[] {
  return peerNames(dataDir)
    .sort()
    .flatMap((name) => {
      try {
        return [readGrant(dataDir, name)];
      } catch (error) {
        onUnusable(error as CliaiError);
        return [];
      }
    });
}

/** The credentials of serve itself in the account of a peer. They exist only in this process. */
export async function mintForPeer(
  dataDir: string,
  keys: NatsKeys,
  { account_key }: PeerGrant,
): Promise<string> {
  const user: Minted = await mintUser(keys.account, { name: "serve:peer", account: account_key });
  return user.creds + (await readTrust(dataDir));
}

/** Writes the file of claims of each peer's account that is missing. nats-server reads it when the first user connects. */
export async function ensurePeerAccounts(
  dataDir: string,
  keys: NatsKeys,
  peers: readonly PeerGrant[],
): Promise<void> {
  const dir = accountsDirOf(natsDirOf(dataDir));
  if (peers.length === 0) return;
  await ensureOwnDir(natsDirOf(dataDir));
  await ensureOwnDir(dir);
  for (const { name, account_key } of peers) {
    const path = join(dir, `${account_key}.jwt`);
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) continue;
    const account = { name, key: account_key, revocations: {} };
    await writePrivateFile(path, await buildPeerAccountClaims(keys, account));
    // The peer was revoked meanwhile, by a process that may have looked for this file before it was there.
    if (lstatSync(grantPath(dataDir, name), { throwIfNoEntry: false }) === undefined) await rm(path);
  }
}

/**
 * Ends a peer at once: its connections are closed, and its credentials count no more. Returns false if no server runs.
 * @throws CliaiError `usage` if there is no such peer; `config_invalid` if its file cannot be read; `failed` if nats-server does not accept it
 */
export async function revokePeer(
  dataDir: string,
  keys: NatsKeys,
  name: string,
  log: Logger,
): Promise<boolean> {
  const names = peerNames(dataDir);
  if (!names.includes(name)) {
    throw new CliaiError("usage", `there is no peer "${name}"`, {
      hint: didYouMean(name, names) ?? "list the peers: cliai peers",
    });
  }
  const { user_key, account_key } = readGrant(dataDir, name);
  // Up to the end of time: the account is not used again.
  const revocations = { [user_key]: Number.MAX_SAFE_INTEGER };
  const claims = await buildPeerAccountClaims(keys, { name, key: account_key, revocations });
  const isLive = await tellAccount(dataDir, keys, claims, log);
  if (await isOwnDir(dirOf(dataDir))) {
    await rm(peerCredsPath(dataDir, name), { force: true });
    await rm(grantPath(dataDir, name), { force: true });
  }
  // Without this file nats-server does not find the account at its next start, so the credentials stay refused. Removed last: see
  // ensurePeerAccounts.
  await rm(join(accountsDirOf(natsDirOf(dataDir)), `${account_key}.jwt`), { force: true });
  return isLive;
}

/** Whether its credentials count at that time. */
export function isGoodPeer({ expires_at }: PeerGrant, now: Date): boolean {
  return expires_at === undefined || Date.parse(expires_at) > now.getTime();
}

function readGrant(dataDir: string, name: string): PeerGrant {
  const path = grantPath(dataDir, name);
  try {
    const grant = decodeMessage(PeerFileSchema, readFileSync(path));
    if (grant.name !== name) throw new Error(`it is the file of "${grant.name}"`);
    return grant;
  } catch (cause) {
    throw new CliaiError("config_invalid", `cannot use ${path}: ${messageOf(cause)}`, {
      hint: "restore it from a backup, or remove it and make the peer again: cliai peers add NAME",
      cause,
    });
  }
}

function peerNames(dataDir: string): string[] {
  try {
    const names = readdirSync(dirOf(dataDir)).filter((name) => name.endsWith(".json"));
    return names.map((name) => name.slice(0, -".json".length)).filter(isTokenName);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
