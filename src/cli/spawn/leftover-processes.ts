// What is left of an agent's run whose host was killed: its CLI, and the tools of that. It is ended before another run begins, and
// when `serve` starts, which looks at all agents that nobody holds.
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

/** To be called while nobody else can begin a run of the agent, or where none is going to. */
export async function endLeftoverRun(dataDir: string, id: AgentId, log: Logger): Promise<void> {
  const file = await readRunFile(dataDir, id);
  if (file === undefined) return;
  const { run, cli } = file;
  const tools = await findRunProcesses({ run, cli });
  const found = [...(cli === undefined ? [] : await stillRunning([cli])), ...tools];
  if (found.length > 0) {
    const pids = found.map(({ pid }) => pid).join(", ");
    log.warn(
      `${id}: the host of an earlier run was killed, and processes of that run are left (${pids}); they are ended`,
    );
    const left = await endProcesses(found);
    if (left.length > 0) {
      log.error(
        `${id}: ${left.map(({ pid }) => `pid ${pid}`).join(", ")} of an earlier run cannot be ended from here`,
      );
      return;
    }
  }
  await removeRunFile(dataDir, id);
}

/** For all agents of the data directory that no `cliai spawn` holds. Never rejects. */
export async function endLeftoverRuns(dataDir: string, log: Logger): Promise<void> {
  for (const id of await readAgentFolders(join(dataDir, "agents"))) {
    try {
      if (!isAgentHeld(dataDir, id)) await endLeftoverRun(dataDir, id, log);
    } catch (error) {
      log.warn(`${id}: what is left of an earlier run is not known: ${messageOf(error)}`);
    }
  }
}
