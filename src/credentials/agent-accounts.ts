// Writes a file of signed claims for the NATS account of each agent. nats-server reads the file when the account's first user
// connects. So nobody has to tell nats-server about a new agent, and it may be down when the agent is made.
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { natsDirOf } from "../data-dir/data-dir.ts";
import { ensureOwnDir, isOwnDir, writePrivateFile } from "../data-dir/private-files.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import {
  buildAgentAccountClaims,
  isAgentAccountClaims,
  type NatsKeys,
} from "../nats/accounts/credentials.ts";
import { accountsDirOf } from "../nats/child/server-config.ts";
import { grantsDir, readAgentAccounts, readGrants } from "./agent-grants.ts";
import { removePlacement } from "./nodes/placements.ts";

/** Writes each file that is missing or outdated. A nats-server that has read an account's file reads it again at its next start. */
export async function ensureAgentAccounts(
  dataDir: string,
  keys: NatsKeys,
  ids: Iterable<AgentId>,
): Promise<void> {
  const natsDir = natsDirOf(dataDir);
  const dir = accountsDirOf(natsDir);
  await ensureOwnDir(natsDir);
  await ensureOwnDir(dir);
  for (const id of ids) {
    for (const account of readAgentAccounts(dataDir, id)) {
      const path = join(dir, `${account.key}.jwt`);
      const present = await readFile(path, "utf8").catch(() => ""); // if it is absent or unreadable, it is written again
      if (isAgentAccountClaims(present, keys, account)) continue;
      await writePrivateFile(path, await buildAgentAccountClaims(keys, account));
    }
  }
}

/**
 * Removes the records of an agent's credentials, and the files of its accounts, so that nats-server no longer finds an account of
 * the agent. Call it after `tellRevocations`: a nats-server that runs refuses only the keys that it was told are revoked.
 */
export async function removeGrants(dataDir: string, id: AgentId): Promise<void> {
  for (const { key } of readAgentAccounts(dataDir, id))
    await rm(join(accountsDirOf(natsDirOf(dataDir)), `${key}.jwt`), { force: true });
  await removePlacement(dataDir, id);
  const dir = grantsDir(dataDir, id);
  if (!(await isOwnDir(join(dir, ".."))) || !(await isOwnDir(dir))) return;
  const grants = readGrants(dataDir, id);
  // Keep the records without account_key until they expire: those users are in the fleet's own account, and nats-server refuses
  // them only because of these records.
  for (const { user_key } of grants.filter(({ account_key }) => account_key !== undefined))
    await rm(join(dir, `${user_key}.json`), { force: true });
  if (grants.every(({ account_key }) => account_key !== undefined)) await rm(dir, { recursive: true });
}
