// Finds the agent that owns a user key. It must be fast: nats-server's log can name such keys 20,000 times a second.
import type { AgentId } from "../domain/wire/agent-id.ts";
import { pause } from "../waiting.ts";
import { readGrantedKeys, readMintedAgents } from "./agent-grants.ts";

/** Reading the folders of 1,000 agents takes about 20 ms and blocks everything else, so it is done at most once a second. */
const readAgainAfterMs = 1_000;

/**
 * Reads all keys again when it is asked for an unknown one, but at most once a second. A caller with an unknown key waits for
 * the next reading, because the key may have been issued since the last one.
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
