// Tells the running nats-server of a data directory what is revoked, over its system account.
import { CliaiError, messageOf } from "../domain/errors.ts";
import type { Logger } from "../log.ts";
import { connectBus } from "../nats/bus.ts";
import { buildAccountClaims, mintUser, type NatsKeys } from "../nats/credentials.ts";
import { pushAccountClaims } from "../nats/system-account.ts";
import { readRevocations } from "./agent-grants.ts";
import { operatorCredsPath, readTrust } from "./keys.ts";
import { readServeFile } from "./serve-file.ts";

/**
 * Whether a nats-server was told: false where none of ours runs, which reads them at its next start.
 * @throws CliaiError `failed` when it does not take them
 */
export async function tellRevocations(dataDir: string, keys: NatsKeys, log: Logger): Promise<boolean> {
  const server = await readServeFile(dataDir);
  if (server?.nats_creds !== operatorCredsPath(dataDir)) return false;
  try {
    await applyRevocations(dataDir, keys, server.nats_url, log);
    return true;
  } catch (error) {
    if (!(error instanceof CliaiError) || error.code !== "nats_unreachable") throw error;
    log.debug(messageOf(error));
    return false;
  }
}

async function applyRevocations(
  dataDir: string,
  keys: NatsKeys,
  natsUrl: string,
  log: Logger,
): Promise<void> {
  const { creds } = await mintUser(keys.system, { name: "revoke" });
  const system = await connectBus({
    url: natsUrl,
    name: "cliai revoke",
    creds: creds + (await readTrust(dataDir)),
    log,
  });
  try {
    let pushed: string | undefined;
    // Another may revoke at the same time, and push before us what it read before our own: then ours is pushed once more.
    for (;;) {
      const revocations = readRevocations(dataDir);
      const text = JSON.stringify(revocations);
      if (text === pushed) return;
      await pushAccountClaims(system, await buildAccountClaims(keys, revocations));
      pushed = text;
    }
  } finally {
    await system.close();
  }
}
