// The pin of this server, by which a machine that joins recognises it before it sends the secret of its code.
import { createHash } from "node:crypto";
import { base64url, joinCodeBytes } from "../../domain/nodes/join-code.ts";
import type { HubFacts } from "../../domain/nodes/node-messages.ts";
import type { NatsKeys } from "../../nats/accounts/credentials.ts";
import { readTrust } from "../keys.ts";

export async function readHubFacts(
  dataDir: string,
  { operator }: Pick<NatsKeys, "operator">,
): Promise<HubFacts> {
  return { operator: operator.getPublicKey(), trust: await readTrust(dataDir) };
}

/** The beginning of a hash over all that a machine has to trust; 128 bits, because nobody but the server can choose what is hashed. */
export function hubPin({ operator, trust }: HubFacts): Uint8Array {
  const hash = createHash("sha256").update(`${operator}\n${trust}`).digest();
  return new Uint8Array(hash.subarray(0, joinCodeBytes.pin));
}

/** Whether it is the server whose pin a code has. */
export function isPinned(facts: HubFacts, pin: string): boolean {
  return base64url(hubPin(facts)) === pin;
}
