// The folders of the agents below `agents/` in the data directory.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type AgentId, isAgentId } from "../domain/wire/agent-id.ts";

export async function readAgentFolders(agentsDir: string): Promise<AgentId[]> {
  const names: string[] = await readdir(agentsDir).catch(() => []); // no agent has been spawned here yet
  return names.filter(isAgentId);
}

export function agentCredsPath(dataDir: string, id: AgentId): string {
  return join(dataDir, "agents", id, "nats.creds");
}
