// What nats-server knows of the agents' accounts: a file of signed claims for each, where it looks for an account at its first
// user. So an agent that is given credentials is let in at once, and nats-server need not be told, nor run.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { AgentId } from "../domain/agent-id.ts";
import { buildAgentAccountClaims, isAgentAccountClaims, type NatsKeys } from "../nats/credentials.ts";
import { accountsDirOf } from "../nats/server-config.ts";
import { readAgentAccounts } from "./agent-grants.ts";
import { natsDirOf } from "./data-dir.ts";
import { ensureOwnDir, writePrivateFile } from "./private-files.ts";

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
