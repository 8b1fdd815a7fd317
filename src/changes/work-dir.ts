// Finds where an agent works: what its launch has noted in the data directory counts before what it says itself.
import { hostname } from "node:os";
import { readWorkDir } from "../data-dir/agent-lock.ts";
import { isGuest } from "../domain/agent-protocol/guest-id.ts";
import { type AgentView, unknownText } from "../domain/fleet/agent-view.ts";
import { CliaiError } from "../domain/text/errors.ts";
import type { WorktreeRecord } from "../domain/worktrees/worktree-record.ts";
import { isThere, isWithin, readRecords } from "../worktrees/records.ts";

export interface WorkPlace {
  readonly dir: string;
  /** Its own worktree, if it works in one. */
  readonly worktree: WorktreeRecord | undefined;
  /** Whether cliai has launched it there. If not, only the agent says so. */
  readonly isKnown: boolean;
}

export type PlacedAgent = Pick<AgentView, "agent_id" | "project_path" | "host" | "heartbeat">;

/** @throws CliaiError `refused` if it is not known, is on another machine, or is not there */
export async function findWorkPlace(agent: PlacedAgent, dataDir: string): Promise<WorkPlace> {
  const { agent_id: id } = agent;
  const known = await readWorkDir(dataDir, id);
  const dir = known ?? (agent.project_path === unknownText ? undefined : agent.project_path);
  const refuse = (why: string, hint: string) => new CliaiError("refused", why, { hint });
  if (isGuest(agent) || dir === undefined) {
    throw refuse(
      `it is not known in which directory ${id} works`,
      `see what is known of it: cliai show ${id}`,
    );
  }
  const here = hostname();
  if (agent.host !== undefined && agent.host !== here) {
    throw refuse(
      `${id} works on ${agent.host}, and its changes can be seen only there, not on ${here}`,
      `on ${agent.host}: git -C ${dir} diff`,
    );
  }
  if (!(await isThere(dir))) {
    throw refuse(`${dir}, where ${id} worked, is not there any more`, "its directory was moved or removed");
  }
  const records = await readRecords(dataDir);
  const worktree = records.find(({ agent_id, path }) => agent_id === id && isWithin(path, dir));
  return { dir, worktree, isKnown: known !== undefined };
}
