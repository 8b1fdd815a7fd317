// Tells the running nats-server of a data directory, over its system account, which keys of an agent or a peer are revoked.
import { readServeFile } from "../data-dir/serve-file.ts";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import type { Logger } from "../log.ts";
import {
  buildAccountClaims,
  buildAgentAccountClaims,
  mintUser,
  type NatsKeys,
} from "../nats/accounts/credentials.ts";
import { pushAccountClaims } from "../nats/accounts/system-account.ts";
import type { Bus } from "../nats/bus.ts";
import { connectBus } from "../nats/connect-bus.ts";
import { readAgentAccounts, readFleetRevocations } from "./agent-grants.ts";
import { operatorCredsPath, readTrust } from "./keys.ts";

/**
 * Returns false if no nats-server of this directory runs: then it reads the revocations at its next start.
 * @throws CliaiError `failed` if nats-server does not accept them
 */
export async function tellRevocations(
  dataDir: string,
  keys: NatsKeys,
  id: AgentId,
  log: Logger,
): Promise<boolean> {
  return await withSystemAccount(dataDir, keys, log, (system) => applyRevocations(system, dataDir, keys, id));
}

/**
 * Tells the running nats-server the claims of an account. Returns false if none of this directory runs.
 * @throws CliaiError `failed` if nats-server does not accept them
 */
export async function tellAccount(
  dataDir: string,
  keys: NatsKeys,
  claims: string,
  log: Logger,
): Promise<boolean> {
  return await withSystemAccount(dataDir, keys, log, (system) => pushAccountClaims(system, claims));
}

async function withSystemAccount(
  dataDir: string,
  keys: NatsKeys,
  log: Logger,
  act: (system: Bus) => Promise<void>,
): Promise<boolean> {
  const server = await readServeFile(dataDir);
  if (server?.nats_creds !== operatorCredsPath(dataDir)) return false;
  try {
    const { creds } = await mintUser(keys.system, { name: "revoke" });
    const system = await connectBus({
      url: server.nats_url,
      name: "cliai revoke",
      creds: creds + (await readTrust(dataDir)),
      log,
    });
    try {
      await act(system);
    } finally {
      await system.close();
    }
    return true;
  } catch (error) {
    if (!(error instanceof CliaiError) || error.code !== "nats_unreachable") throw error;
    log.debug(messageOf(error));
    return false;
  }
}

async function applyRevocations(system: Bus, dataDir: string, keys: NatsKeys, id: AgentId): Promise<void> {
  let pushed: string | undefined;
  // Push until nothing has changed: another process that revokes at the same time may have pushed a list without ours.
  for (;;) {
    const accounts = readAgentAccounts(dataDir, id);
    const ofFleet = readFleetRevocations(dataDir);
    const text = JSON.stringify([accounts, ofFleet]);
    if (text === pushed) return;
    for (const account of accounts)
      await pushAccountClaims(system, await buildAgentAccountClaims(keys, account));
    if (Object.keys(ofFleet).length > 0)
      await pushAccountClaims(system, await buildAccountClaims(keys, ofFleet));
    pushed = text;
  }
}
