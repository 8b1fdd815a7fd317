// Tells the running nats-server of a data directory what is revoked, over its system account.
import type { Logger } from "../log.ts";
import { connectBus } from "../nats/bus.ts";
import { buildAccountClaims, mintUser, type NatsKeys } from "../nats/credentials.ts";
import { pushAccountClaims } from "../nats/system-account.ts";
import { readRevocations } from "./agent-keys.ts";

/** @throws CliaiError `nats_unreachable`, `failed` */
export async function applyRevocations(
  dataDir: string,
  keys: NatsKeys,
  natsUrl: string,
  log: Logger,
): Promise<void> {
  const { creds } = await mintUser(keys.system, { name: "revoke" });
  const system = await connectBus({ url: natsUrl, name: "cliai revoke", creds, log });
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
