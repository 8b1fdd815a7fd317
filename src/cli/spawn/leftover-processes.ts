// Ends the processes of a run whose host was killed: the agent's CLI, and the tools that the CLI has started. `spawn` calls this
// before it begins a run; `serve` calls it at its start, for all agents that no `spawn` holds.
import { join } from "node:path";
import { readAgentFolders } from "../../data-dir/agent-folders.ts";
import { isAgentHeld } from "../../data-dir/agent-lock.ts";
import { readRunFile, removeRunFile } from "../../data-dir/run-file.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Logger } from "../../log.ts";
import { endProcesses } from "../../processes/end-process.ts";
import { stillRunning } from "../../processes/process-table.ts";
import { findRunProcesses } from "../../processes/run-processes.ts";

/** Call this only while nobody can begin a run of the agent, such as while holding the agent's lock. */
export async function endLeftoverRun(dataDir: string, id: AgentId, log: Logger): Promise<void> {
  const file = await readRunFile(dataDir, id);
  if (file === undefined) return;
  const { run, cli } = file;
  const tools = await findRunProcesses({ run, cli });
  const found = [...(cli === undefined ? [] : await stillRunning([cli])), ...tools];
  if (found.length > 0) {
    const pids = found.map(({ pid }) => pid).join(", ");
    log.warn(
      `${id}: the host of an earlier run was killed; ending the processes that it left behind (${pids})`,
    );
    const left = await endProcesses(found);
    if (left.length > 0) {
      log.error(`${id}: cannot end ${left.map(({ pid }) => `pid ${pid}`).join(", ")} of an earlier run`);
      return;
    }
  }
  await removeRunFile(dataDir, id);
}

/**
 * Does that for all agents of the data directory that no `cliai spawn` holds. Never rejects.
 * @param before called for each of them, while its run file is still there; must not reject
 */
export async function endLeftoverRuns(
  dataDir: string,
  log: Logger,
  before: (id: AgentId) => Promise<void> = async () => undefined,
): Promise<void> {
  for (const id of await readAgentFolders(join(dataDir, "agents"))) {
    try {
      if (isAgentHeld(dataDir, id)) continue;
      await before(id);
      if (!isAgentHeld(dataDir, id)) await endLeftoverRun(dataDir, id, log);
    } catch (error) {
      log.warn(`${id}: cannot look for processes of an earlier run: ${messageOf(error)}`);
    }
  }
}
