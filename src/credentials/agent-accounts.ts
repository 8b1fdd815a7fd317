// Writes a file of signed claims for each agent's account. nats-server reads the file when the account's first user
// connects, so a new agent is let in without telling nats-server, even while it does not run.
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

/** Writes what is missing or says something else. A nats-server that knows the account already reads it at its next start. */
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
      const present = await readFile(path, "utf8").catch(() => ""); // absent or unreadable: written anew
      if (isAgentAccountClaims(present, keys, account)) continue;
      await writePrivateFile(path, await buildAgentAccountClaims(keys, account));
    }
  }
}

/**
 * Removes all that was written down of what an agent was given, and its accounts with it: nats-server then knows nobody of that
 * name. One that runs goes on to refuse what it was told is revoked, which has to be told before.
 */
export async function removeGrants(dataDir: string, id: AgentId): Promise<void> {
  for (const { key } of readAgentAccounts(dataDir, id))
    await rm(join(accountsDirOf(natsDirOf(dataDir)), `${key}.jwt`), { force: true });
  const dir = grantsDir(dataDir, id);
  if (!(await isOwnDir(join(dir, ".."))) || !(await isOwnDir(dir))) return;
  const grants = readGrants(dataDir, id);
  // A user of the fleet's own account, as all were once, is refused for what is written down here: until it expires.
  for (const { user_key } of grants.filter(({ account_key }) => account_key !== undefined))
    await rm(join(dir, `${user_key}.json`), { force: true });
  if (grants.every(({ account_key }) => account_key !== undefined)) await rm(dir, { recursive: true });
}
