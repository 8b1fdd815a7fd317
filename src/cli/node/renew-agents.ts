// Has the hub sign the keys of this node's agents again, when half of the time of their credentials is over. An agent reads its file again at its next
// try to connect, so it need not be told.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { agentCredsPath, readAgentFolders } from "../../data-dir/agent-folders.ts";
import { isAgentHeld } from "../../data-dir/agent-lock.ts";
import { writePrivateFile } from "../../data-dir/private-files.ts";
import { isRenewalDue } from "../../domain/nodes/renewal.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { readSigned, withClaims } from "../../nats/accounts/node-credentials.ts";
import type { Bus } from "../../nats/bus.ts";
import { askOperatorDesk } from "../../server/operator-desk.ts";
import type { CliContext } from "../frame/context.ts";
import { agentCredentialsDesk } from "../nodes/agent-desks.ts";

const lookEveryMs = 60 * 60_000;

export interface RenewalOptions extends Pick<CliContext, "now" | "log"> {
  readonly dataDir: string;
  /** The name of the node. */
  readonly name: string;
}

/**
 * Looks at once, each hour, and each time the connection is back: a node that was away for long has agents whose credentials have expired, and they
 * come back with it. Returns the function that ends this.
 */
export function startRenewals(bus: Bus, options: RenewalOptions): () => void {
  const { log } = options;
  let last: Promise<void> = Promise.resolve();
  const look = () => {
    last = last
      .then(() => renewDue(bus, options))
      .catch((error: unknown) => log.warn(`credentials are not renewed: ${messageOf(error)}`));
  };
  look();
  const timer = setInterval(look, lookEveryMs);
  const endListening = bus.onConnection((isBack) => {
    if (isBack) look();
  });
  return () => {
    clearInterval(timer);
    endListening();
  };
}

async function renewDue(bus: Bus, options: RenewalOptions): Promise<void> {
  const { dataDir, log } = options;
  for (const id of await readAgentFolders(join(dataDir, "agents"))) {
    // The credentials of an agent that has ended are revoked.
    if (!isAgentHeld(dataDir, id)) continue;
    await renew(bus, id, options).catch((error: unknown) =>
      log.warn(`the credentials of ${id} are not renewed yet: ${messageOf(error)}`),
    );
  }
}

async function renew(bus: Bus, id: AgentId, { dataDir, name, now, log }: RenewalOptions): Promise<void> {
  const path = agentCredsPath(dataDir, id);
  const creds = await readFile(path, "utf8");
  const signed = await readSigned(creds);
  if (signed === undefined || !isRenewalDue(signed, now())) return;
  const request = { act: "renew", agent_id: id, user_key: signed.userKey } as const;
  const { jwt, expires_at } = await askOperatorDesk(bus, agentCredentialsDesk(name), request);
  if (jwt === undefined) return;
  await writePrivateFile(path, withClaims(creds, signed, jwt));
  log.info(`the credentials of ${id} are renewed until ${expires_at}`);
}
