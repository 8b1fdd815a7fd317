// Who works in a worktree: its agent, and others that were launched in its directory.
import { realpath } from "node:fs/promises";
import { join } from "node:path";
import { readAgentFolders } from "../data-dir/agent-folders.ts";
import { isAgentHeld, readWorkDir, writeWorkDir } from "../data-dir/agent-lock.ts";
import { type LastKnownFleet, readFleetFile } from "../data-dir/fleet-file.ts";
import { CliaiError } from "../domain/text/errors.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import type { WorktreeRecord } from "../domain/worktrees/worktree-record.ts";
import { isThere, isWithin, recordAt, withWorktrees } from "./records.ts";

export interface WorktreeUsers {
  /** Whether its agent runs. */
  readonly isHeld: boolean;
  /** Other agents that run in it. */
  readonly users: readonly AgentId[];
}

export async function usersOf(
  { agent_id, path }: Pick<WorktreeRecord, "agent_id" | "path">,
  dataDir: string,
): Promise<WorktreeUsers> {
  const users: AgentId[] = [];
  let records: LastKnownFleet["records"] | undefined;
  const known = async () => {
    records ??= (await readFleetFile(dataDir))?.records ?? new Map();
    return records;
  };
  for (const id of await readAgentFolders(join(dataDir, "agents"))) {
    if (id === agent_id) continue;
    // The host of an earlier release has noted nothing: what serve last knew of its agent.
    const dir = (await readWorkDir(dataDir, id)) ?? (await known()).get(id)?.project_path;
    if (dir !== undefined && isWithin(path, dir) && isAgentHeld(dataDir, id)) users.push(id);
  }
  return { isHeld: isAgentHeld(dataDir, agent_id), users: users.sort() };
}

/**
 * Notes where the agent works, so that no clean-up takes its directory away. The caller holds the agent's lock.
 * @throws CliaiError `refused` if a clean-up has just removed the directory
 */
export async function settleIn(
  dir: string,
  { id, dataDir }: { readonly id: AgentId; readonly dataDir: string },
): Promise<void> {
  const real = await realpath(dir).catch(() => undefined); // removed
  const settle = async () => {
    if (real !== undefined && (await isThere(real))) return await writeWorkDir(dataDir, id, real);
    throw new CliaiError("refused", `${dir} is not there any more, and ${id} cannot work in it`, {
      hint: "name another directory: --project DIR",
    });
  };
  const isFree = real !== undefined && (await recordAt(dataDir, real)) === undefined;
  await (isFree ? settle() : withWorktrees(dataDir, settle));
}
