// Tells the running nats-server of a data directory, over its system account, which keys of an agent or a peer are revoked.
import { realpath } from "node:fs/promises";
import { readServeFile } from "../data-dir/serve-file.ts";
import { isServed } from "../data-dir/serve-lock.ts";
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
  try {
    return await withSystemAccount(dataDir, keys, log, (system) =>
      applyRevocations(system, dataDir, keys, id),
    );
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    log.debug(messageOf(error));
    return false;
  }
}

/**
 * Tells the running nats-server the claims of an account. Returns false if none of this directory runs.
 * @throws CliaiError `failed` if nats-server does not accept them; `nats_unreachable` if a serve holds the directory, whose nats-server does not answer
 */
export async function tellAccount(
  dataDir: string,
  keys: NatsKeys,
  claims: string,
  log: Logger,
): Promise<boolean> {
  try {
    return await withSystemAccount(dataDir, keys, log, (system) => pushAccountClaims(system, claims));
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    log.debug(messageOf(error));
    if (!(await isServed(dataDir))) return false;
    throw new CliaiError(
      "nats_unreachable",
      `the server on ${dataDir} runs, but its nats-server does not answer: nothing was revoked`,
      { hint: "try it again; or end the server first: cliai down", cause: error },
    );
  }
}

const isUnreachable = (error: unknown) => error instanceof CliaiError && error.code === "nats_unreachable";

/** @throws CliaiError `nats_unreachable` if serve.json is there, but its nats-server does not answer; what `act` throws */
async function withSystemAccount(
  dataDir: string,
  keys: NatsKeys,
  log: Logger,
  act: (system: Bus) => Promise<void>,
): Promise<boolean> {
  const server = await readServeFile(dataDir);
  if (server?.nats_creds === undefined) return false;
  if ((await realPath(server.nats_creds)) !== (await realPath(operatorCredsPath(dataDir)))) return false;
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
}

/** serve may have been started with another path to the same directory. */
async function realPath(path: string): Promise<string> {
  return await realpath(path).catch(() => path);
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
