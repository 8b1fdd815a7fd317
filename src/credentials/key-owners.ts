// Finds the agent that owns a user key, quickly: nats-server's log names agents by their keys, up to 20,000 times a second.
import type { AgentId } from "../domain/wire/agent-id.ts";
import { pause } from "../waiting.ts";
import { readGrantedKeys, readMintedAgents } from "./agent-grants.ts";

/** Reading the folders of 1,000 agents takes some 20 ms and blocks everything else, so it is done once a second at most. */
const readAgainAfterMs = 1_000;

/**
 * Reads all keys when it is first asked for one that it does not know, and once a second at most. Whoever asks between two
 * readings waits for the next one, because the key may have been given out since the last.
 */
export function createKeyOwners(dataDir: string): (userKey: string) => Promise<AgentId | undefined> {
  let owners: ReadonlyMap<string, AgentId> = new Map();
  let readAtMs = Number.NEGATIVE_INFINITY;
  let nextReading: Promise<void> | undefined;

  const read = () => {
    const keysOf = (id: AgentId) => readGrantedKeys(dataDir, id).map((key) => [key, id] as const);
    owners = new Map(readMintedAgents(dataDir).flatMap(keysOf));
    readAtMs = performance.now();
  };
  const readOnceItMay = async () => {
    try {
      await pause(readAtMs + readAgainAfterMs - performance.now());
      read();
    } finally {
      nextReading = undefined;
    }
  };
  return async (userKey) => {
    if (!owners.has(userKey)) {
      nextReading ??= readOnceItMay();
      await nextReading;
    }
    return owners.get(userKey);
  };
}
