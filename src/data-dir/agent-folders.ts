// Lists the agents that have a folder below `agents/` in the data directory.
import { readdir } from "node:fs/promises";
import { type AgentId, isAgentId } from "../domain/wire/agent-id.ts";

export async function readAgentFolders(agentsDir: string): Promise<AgentId[]> {
  const names: string[] = await readdir(agentsDir).catch(() => []); // no agent has been spawned here yet
  return names.filter(isAgentId);
}
