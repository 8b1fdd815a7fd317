// Finds the agent that owns a user key, quickly: nats-server's log names agents by their keys, up to 20,000 times a second.
import type { AgentId } from "../domain/wire/agent-id.ts";
import { readGrantedKeys, readMintedAgents } from "./agent-grants.ts";

/** The folders of 1,000 agents are read in some 20 ms, and nothing else runs meanwhile. */
const readAgainAfterMs = 1_000;

/** Reads all keys when it is first asked, and again, once a second at most, when asked for one that was not there. */
export function createKeyOwners(
  dataDir: string,
  nowMs: () => number,
): (userKey: string) => AgentId | undefined {
  let owners: ReadonlyMap<string, AgentId> = new Map();
  let readAtMs = Number.NEGATIVE_INFINITY;
  return (userKey) => {
    if (!owners.has(userKey) && nowMs() - readAtMs >= readAgainAfterMs) {
      owners = new Map(
        readMintedAgents(dataDir).flatMap((id) =>
          readGrantedKeys(dataDir, id).map((key) => [key, id] as const),
        ),
      );
      readAtMs = nowMs();
    }
    return owners.get(userKey);
  };
}
