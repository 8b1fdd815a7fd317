// Mints agents' credentials, and revokes them when the agent is launched again, has ended, or a person says so.
// agent-grants.ts records what was given.
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ensureOwnDir, ensurePrivateDir, isOwnDir, writePrivateFile } from "../data-dir/private-files.ts";
import { messageOf } from "../domain/text/errors.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import type { Role } from "../domain/wire/roles.ts";
import { type Logger, silentLogger } from "../log.ts";
import { createAgentAccount, type Minted, mintUser, type NatsKeys } from "../nats/accounts/credentials.ts";
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
import { tellRevocations } from "./push-revocations.ts";

const day = 24 * 60 * 60 * 1000;
/** How long the credentials that `spawn` makes are valid. */
export const credentialsLastMs = 30 * day;

export function agentCredsPath(dataDir: string, id: AgentId): string {
  return join(dataDir, "agents", id, "nats.creds");
}

export interface MintOrder {
  readonly id: AgentId;
  readonly role: Role;
  readonly now: Date;
  /** What they take the place of, where they are good for as long as that was. */
  readonly replaces?: Pick<Grant, "issued_at" | "expires_at">;
  readonly log?: Logger;
}

/**
 * Gives an agent credentials of its own: writes them, and what they are. Returns where they are. They take effect at once, also with no server running.
 * Its earlier credentials are revoked, so that its role is that of its only valid ones.
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

/** As {@link mintAgent}, for credentials that are kept elsewhere: their text is returned, and only what they are is written. */
export async function issueAgent(
  dataDir: string,
  keys: NatsKeys,
  { id, role, now, replaces, log = silentLogger }: MintOrder,
): Promise<Minted> {
  const issued_at = replaces?.issued_at ?? now.toISOString();
  const expires_at = replaces?.expires_at ?? new Date(now.getTime() + credentialsLastMs).toISOString();
  const before = readGrants(dataDir, id).findLast(({ account_key }) => account_key !== undefined);
  const account = before?.account_key ?? createAgentAccount();
  const { userKey, creds } = await mintUser(keys.account, {
    ...{ name: id, account, permissions: agentPermissions(id) },
    expiresAt: new Date(expires_at),
  });
  await removeExpiredGrants(dataDir, id, now);
  // Revoke the earlier ones first, so that their holder never has the new role.
  if ((await revokeAgent(dataDir, id, now)) > 0) await tellRevocations(dataDir, keys, id, log);
  // Record them before giving them out: unrecorded credentials could never be revoked.
  await writeGrant(dataDir, {
    agent_id: id,
    user_key: userKey,
    account_key: account,
    role,
    issued_at,
    expires_at,
  });
  await ensureAgentAccounts(dataDir, keys, [id]);
  return { userKey, creds: creds + (await readTrust(dataDir)) };
}

/**
 * Marks what an agent was given as void, and takes its file away; returns how many were good until now.
 * @param issuedUntil what was given later stays; all is void when left out
 */
export async function revokeAgent(
  dataDir: string,
  id: AgentId,
  now: Date,
  issuedUntil = now,
): Promise<number> {
  const good = readGrants(dataDir, id).filter((grant) => isGood(grant, now));
  const ending = good.filter(({ issued_at }) => Date.parse(issued_at) <= issuedUntil.getTime());
  for (const grant of ending) await writeGrant(dataDir, { ...grant, revoked_at: now.toISOString() });
  if (ending.length === good.length) await removeCreds(agentCredsPath(dataDir, id));
  return ending.length;
}

async function removeCreds(path: string): Promise<void> {
  const dir = dirname(path);
  if ((await isOwnDir(dirname(dir))) && (await isOwnDir(dir))) await rm(path, { force: true });
}

/**
 * An agent that was launched here has ended: what it was given for that is void, on a living connection too. One that is
 * launched anew meanwhile keeps what it was given since. Never throws: what goes wrong is logged.
 * @param options.issuedUntil when the run that has ended had its credentials
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
    log.warn(`the credentials of ${id} may still be good: ${messageOf(error)}; cliai agents revoke ${id}`);
  }
}

/**
 * Moves the agents that are in the fleet's account, as all were once, each into its own: new credentials in the same place,
 * good for as long, and the old ones void. A bridge that runs is refused with the old ones, and comes back with the new.
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
    log.info(`${id} has new credentials, of an account of its own: a copy of the old ones is void: ${path}`);
  }
}
