// Records which credentials agents were given: under `keys/agents/<id>/`, one file (a grant) for each user key that has not
// expired. The process that makes a key writes its file, so two processes never write the same one. agent-keys.ts mints and
// revokes.
import { readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { keysDirOf } from "../data-dir/data-dir.ts";
import { ensureOwnDir, writePrivateFile } from "../data-dir/private-files.ts";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import { type AgentId, AgentIdSchema, isAgentId } from "../domain/wire/agent-id.ts";
import { decodeMessage } from "../domain/wire/decode.ts";
import { roles } from "../domain/wire/roles.ts";
import type { AgentAccount, Revocations } from "../nats/accounts/credentials.ts";

const GrantSchema = v.object({
  agent_id: AgentIdSchema,
  user_key: v.string(),
  /** The agent's account. Absent in grants from before agents had accounts: those users are in the fleet's account. */
  account_key: v.optional(v.string()),
  role: v.picklist(roles),
  issued_at: v.string(),
  expires_at: v.string(),
  revoked_at: v.optional(v.string()),
});
export type Grant = v.InferOutput<typeof GrantSchema>;

/** The users that nats-server has to refuse in the fleet's own account, where agents were users in earlier versions. */
export function readFleetRevocations(dataDir: string): Revocations {
  const grants = readMintedAgents(dataDir).flatMap((id) => readGrants(dataDir, id));
  return revocationsAmong(grants.filter(({ account_key }) => account_key === undefined));
}

/** The accounts of an agent, with their revocations. There is one, or several if two processes launched the agent at once. */
export function readAgentAccounts(dataDir: string, id: AgentId): AgentAccount[] {
  const byKey = Map.groupBy(readGrants(dataDir, id), ({ account_key }) => account_key);
  return [...byKey].flatMap(([key, grants]) =>
    key === undefined ? [] : [{ id, key, revocations: revocationsAmong(grants) }],
  );
}

function revocationsAmong(grants: readonly Grant[]): Revocations {
  const revocations: Record<string, number> = {};
  for (const { user_key, revoked_at, expires_at } of grants) {
    if (revoked_at === undefined) continue;
    // nats-server refuses what was issued up to this second. Name the last second in which the credentials are valid, not the time of the
    // revocation: the clock may have been set back since they were issued. Each key is issued once, so no other credentials are revoked.
    const revokedS = Math.floor(Date.parse(revoked_at) / 1000) + 1;
    revocations[user_key] = Math.max(revokedS, Math.floor(Date.parse(expires_at) / 1000));
  }
  return revocations;
}

/** The agents that have a folder of grants, also an empty one: all that were given credentials here and not removed since. */
export function readMintedAgents(dataDir: string): AgentId[] {
  return namesIn(join(keysDirOf(dataDir), "agents"))
    .filter(isAgentId)
    .sort();
}

/** The user keys of an agent that have a grant. */
export function readGrantedKeys(dataDir: string, id: AgentId): string[] {
  return namesIn(grantsDir(dataDir, id))
    .filter((name) => name.endsWith(".json"))
    .map((name) => name.slice(0, -".json".length));
}

/**
 * The grants of an agent, oldest first.
 * @throws CliaiError `config_invalid` with the path of a file that cannot be read as a grant
 */
export function readGrants(dataDir: string, id: AgentId): Grant[] {
  const dir = grantsDir(dataDir, id);
  const names = namesIn(dir).filter((name) => name.endsWith(".json"));
  return names
    .map((name) => readGrant(join(dir, name)))
    .sort((a, b) => Date.parse(a.issued_at) - Date.parse(b.issued_at));
}

export function isGood({ revoked_at, expires_at }: Grant, now: Date): boolean {
  return revoked_at === undefined && Date.parse(expires_at) > now.getTime();
}

function readGrant(path: string): Grant {
  try {
    return decodeMessage(GrantSchema, readFileSync(path));
  } catch (cause) {
    // Skipping a damaged file could make revoked credentials valid again.
    throw new CliaiError("config_invalid", `cannot use ${path}: ${messageOf(cause)}`, {
      hint: "restore it from a backup, or remove the folder keys/ and spawn the agents again",
      cause,
    });
  }
}

export async function writeGrant(dataDir: string, grant: Grant): Promise<void> {
  const dir = await ensureGrantsDir(dataDir, grant.agent_id);
  await writePrivateFile(join(dir, `${grant.user_key}.json`), `${JSON.stringify(grant, null, 2)}\n`);
}

async function ensureGrantsDir(dataDir: string, id: AgentId): Promise<string> {
  const dir = grantsDir(dataDir, id);
  for (const each of [keysDirOf(dataDir), join(dir, ".."), dir]) await ensureOwnDir(each);
  return dir;
}

/** Removes the grants of expired credentials, because nats-server refuses those without being told. */
export async function removeExpiredGrants(dataDir: string, id: AgentId, now: Date): Promise<void> {
  const dir = await ensureGrantsDir(dataDir, id);
  for (const { user_key, expires_at } of readGrants(dataDir, id)) {
    if (Date.parse(expires_at) > now.getTime()) continue;
    await rm(join(dir, `${user_key}.json`), { force: true });
  }
}

export function grantsDir(dataDir: string, id: AgentId): string {
  return join(keysDirOf(dataDir), "agents", id);
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
