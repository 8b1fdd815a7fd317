// The lock that allows only one `cliai spawn` for each agent of this data directory. `spawn` takes it before it makes the
// agent's credentials, and holds it until it ends.
import { join } from "node:path";
import { CliaiError } from "../domain/text/errors.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import { isKernelLocked, type KernelLock, takeKernelLock } from "./kernel-lock.ts";
import { ensureOwnDir, ensurePrivateDir } from "./private-files.ts";

/** @throws CliaiError `already_running` if another process runs the agent; `data_dir_unwritable` */
export async function takeAgentLock(dataDir: string, id: AgentId): Promise<KernelLock> {
  const path = lockPath(dataDir, id);
  await ensurePrivateDir(dataDir);
  await ensureOwnDir(join(dataDir, "agents"));
  await ensureOwnDir(join(path, ".."));
  const lock = await takeKernelLock(path);
  if (lock !== undefined) return lock;
  throw new CliaiError("already_running", `the agent "${id}" runs already: another cliai spawn holds it`, {
    hint: `stop it first: cliai send stop ${id}`,
  });
}

/** Whether a `cliai spawn` on this machine runs the agent, whatever its status in the fleet is. */
export function isAgentHeld(dataDir: string, id: AgentId): boolean {
  return isKernelLocked(lockPath(dataDir, id));
}

function lockPath(dataDir: string, id: AgentId): string {
  return join(dataDir, "agents", id, "held");
}
