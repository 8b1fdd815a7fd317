// Mints agents' credentials. Revokes them when the agent is launched again, when it has ended, or when a person says so.
// agent-grants.ts records them.

import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { agentCredsPath } from "../data-dir/agent-folders.ts";
import { ensureOwnDir, ensurePrivateDir, isOwnDir, writePrivateFile } from "../data-dir/private-files.ts";
import { refuseGuestId } from "../domain/agent-protocol/guest-id.ts";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import type { Role } from "../domain/wire/roles.ts";
import { type Logger, silentLogger } from "../log.ts";
import {
  createAgentAccount,
  type Minted,
  type MintOptions,
  mintUser,
  type NatsKeys,
  signUser,
} from "../nats/accounts/credentials.ts";
import { agentPermissions } from "../nats/accounts/permissions.ts";
import { ensureAgentAccounts } from "./agent-accounts.ts";
import {
  type Grant,
  isGood,
  readGrants,
  readMintedAgents,
  removeExpiredGrants,
  writeGrant,
} from "./agent-grants.ts";
import { readKeys, readTrust } from "./keys.ts";
import { removePlacement } from "./nodes/placements.ts";
import { tellRevocations } from "./push-revocations.ts";

const day = 24 * 60 * 60 * 1000;
/** How long the credentials that `spawn` makes are valid. */
export const credentialsLastMs = 30 * day;

export interface MintOrder {
  readonly id: AgentId;
  readonly role: Role;
  readonly now: Date;
  /** The credentials to replace: the new ones get their times. If left out, they are valid for `credentialsLastMs`. */
  readonly replaces?: Pick<Grant, "issued_at" | "expires_at">;
  readonly log?: Logger;
}

/**
 * Makes credentials for an agent, and writes them and their grant. Returns the path of the credentials. They are valid at once,
 * even if no server runs. The agent's earlier credentials are revoked, so that only the new ones decide its role.
 * @throws CliaiError `agent_id_invalid` for an id that only an agent of a peer may have
 */
export async function mintAgent(dataDir: string, keys: NatsKeys, order: MintOrder): Promise<string> {
  const { creds } = await issueAgent(dataDir, keys, order);
  const path = agentCredsPath(dataDir, order.id);
  await ensurePrivateDir(dataDir);
  await ensureOwnDir(join(dataDir, "agents"));
  await ensureOwnDir(join(path, ".."));
  await writePrivateFile(path, creds);
  return path;
}

/** As {@link mintAgent}, but for an agent on another machine: returns the credentials, and writes only their grant. */
export async function issueAgent(dataDir: string, keys: NatsKeys, order: MintOrder): Promise<Minted> {
  const expires_at =
    order.replaces?.expires_at ?? new Date(order.now.getTime() + credentialsLastMs).toISOString();
  const minted = await issue(dataDir, keys, { ...order, expires_at }, (user) => mintUser(keys.account, user));
  // It is this machine's now, or that of whoever has the operator's credentials.
  await removePlacement(dataDir, order.id);
  return { ...minted, creds: minted.creds + (await readTrust(dataDir)) };
}

/**
 * As {@link issueAgent}, for a key that a node has made for an agent there. Returns the signed claims, which are of no use without the private key.
 * @param order.userKey the public key
 */
export async function signAgent(
  dataDir: string,
  keys: NatsKeys,
  { userKey, expiresAt, ...order }: Omit<MintOrder, "replaces"> & SignedKey,
): Promise<string> {
  const expires_at = expiresAt.toISOString();
  const { jwt } = await issue(dataDir, keys, { ...order, expires_at }, async (user) => ({
    ...{ userKey, jwt: await signUser(keys.account, userKey, user) },
  }));
  return jwt;
}

interface SignedKey {
  readonly userKey: string;
  readonly expiresAt: Date;
}

/**
 * Signs the key of an agent on a node again, so that its credentials last longer. Nothing is revoked. A key that has expired is signed as well: its
 * node may have been away for long.
 * @throws CliaiError `refused` if the key is revoked, or is not known
 */
export async function renewAgent(
  dataDir: string,
  keys: NatsKeys,
  { id, userKey, expiresAt }: SignedKey & Pick<MintOrder, "id">,
): Promise<string> {
  const { account_key: account } = renewable(dataDir, id, userKey);
  const permissions = agentPermissions(id);
  const jwt = await signUser(keys.account, userKey, { name: id, account, permissions, expiresAt });
  // Read it again: a command may have revoked it meanwhile.
  await writeGrant(dataDir, { ...renewable(dataDir, id, userKey), expires_at: expiresAt.toISOString() });
  return jwt;
}

/** @throws CliaiError `refused` */
function renewable(dataDir: string, id: AgentId, userKey: string) {
  const grant = readGrants(dataDir, id).find(({ user_key }) => user_key === userKey);
  const account_key = grant?.account_key;
  if (grant !== undefined && account_key !== undefined && grant.revoked_at === undefined)
    return { ...grant, account_key };
  throw new CliaiError("refused", `the credentials of "${id}" have ended, and are not renewed`, {
    hint: "launch the agent again",
  });
}

/** Makes credentials by `make`, and writes their grant. Revokes the earlier ones. */
async function issue<Made extends { readonly userKey: string }>(
  dataDir: string,
  keys: NatsKeys,
  { id, role, now, replaces, expires_at, log = silentLogger }: MintOrder & Pick<Grant, "expires_at">,
  make: (user: MintOptions) => Promise<Made>,
): Promise<Made> {
  const issued_at = replaces?.issued_at ?? now.toISOString();
  const grants = readGrants(dataDir, id);
  // An agent that has such an id from an earlier version keeps it.
  if (grants.length === 0) refuseGuestId(id);
  const before = grants.findLast(({ account_key }) => account_key !== undefined);
  const account = before?.account_key ?? createAgentAccount();
  const made = await make({
    ...{ name: id, account, permissions: agentPermissions(id) },
    expiresAt: new Date(expires_at),
  });
  await removeExpiredGrants(dataDir, id, now);
  // Revoke the earlier credentials first, so that whoever holds them never gets the new role.
  if ((await revokeAgent(dataDir, id, now)) > 0) await tellRevocations(dataDir, keys, id, log);
  // Write the grant before the credentials are given out, because credentials without a grant could never be revoked.
  await writeGrant(dataDir, {
    agent_id: id,
    user_key: made.userKey,
    account_key: account,
    role,
    issued_at,
    expires_at,
  });
  await ensureAgentAccounts(dataDir, keys, [id]);
  return made;
}

/**
 * Marks an agent's grants as revoked, also those that have expired: the key of an agent on a node could be signed again otherwise. Removes its
 * credentials file. Returns how many of the grants were valid until now.
 * @param issuedUntil grants that were issued later stay valid. Without it all are revoked, also those that seem to be issued later than
 * now, because the clock was set back
 */
export async function revokeAgent(
  dataDir: string,
  id: AgentId,
  now: Date,
  issuedUntil?: Date,
): Promise<number> {
  const left = readGrants(dataDir, id).filter(({ revoked_at }) => revoked_at === undefined);
  const untilMs = issuedUntil?.getTime() ?? Number.POSITIVE_INFINITY;
  const ending = left.filter(({ issued_at }) => Date.parse(issued_at) <= untilMs);
  for (const grant of ending) await writeGrant(dataDir, { ...grant, revoked_at: now.toISOString() });
  const good = left.filter((grant) => isGood(grant, now));
  const ended = good.filter((grant) => ending.includes(grant));
  if (ended.length === good.length) await removeCreds(agentCredsPath(dataDir, id));
  return ended.length;
}

async function removeCreds(path: string): Promise<void> {
  const dir = dirname(path);
  if ((await isOwnDir(dirname(dir))) && (await isOwnDir(dir))) await rm(path, { force: true });
}

/**
 * Revokes the credentials of a run that has ended, also on connections that are still open. If the agent was launched again
 * meanwhile, its newer credentials stay valid. Never throws, but logs errors.
 * @param options.issuedUntil when the run that has ended got its credentials
 */
export async function endAgentKeys(
  dataDir: string,
  id: AgentId,
  { issuedUntil, now, log }: { readonly issuedUntil: Date; readonly now: Date; readonly log: Logger },
): Promise<void> {
  try {
    const keys = await readKeys(dataDir);
    const revoked = await revokeAgent(dataDir, id, now, issuedUntil);
    if (keys !== undefined && revoked > 0) await tellRevocations(dataDir, keys, id, log);
  } catch (error) {
    log.warn(
      `the credentials of ${id} may still be valid: ${messageOf(error)}; to revoke them: cliai agents revoke ${id}`,
    );
  }
}

/**
 * Gives each agent that is still in the fleet's account, as in earlier versions, an account of its own. The new credentials
 * replace the old ones in the same file and are valid for as long; the old ones are revoked. A bridge that runs is then refused,
 * reads the file again, and connects with the new ones.
 */
export async function moveOutOfFleetAccount(
  dataDir: string,
  keys: NatsKeys,
  now: Date,
  log: Logger,
): Promise<void> {
  for (const id of readMintedAgents(dataDir)) {
    const old = readGrants(dataDir, id).findLast((grant) => isGood(grant, now));
    if (old === undefined || old.account_key !== undefined) continue;
    const path = await mintAgent(dataDir, keys, { id, role: old.role, now, replaces: old, log });
    log.info(
      `${id} has new credentials in an account of its own (${path}); copies of the old ones are no longer valid`,
    );
  }
}
