// Stores the last reports of runs that ended while NATS was away: their hosts have left them in the agents' folders.
import { isAgentHeld } from "../../../data-dir/agent-lock.ts";
import { readUnsent, removeUnsent } from "../../../data-dir/run-file.ts";
import { CliaiError } from "../../../domain/text/errors.ts";
import type { AgentId } from "../../../domain/wire/agent-id.ts";
import { agentSubject } from "../../../domain/wire/subjects.ts";
import type { Logger } from "../../../log.ts";
import type { Bus } from "../../../nats/bus.ts";

export interface UnsentReportsOptions {
  readonly dataDir: string;
  readonly bus: Pick<Bus, "publishStored">;
  readonly log: Logger;
}

/**
 * Resolves with whether there were any. Stored twice, after a crash in between, they change nothing.
 * @throws CliaiError if NATS does not take them now
 */
export async function sendUnsent(id: AgentId, { dataDir, bus, log }: UnsentReportsOptions): Promise<boolean> {
  const runs = await readUnsent(dataDir, id);
  // A host that runs may be about to add its own.
  if (runs.length === 0 || isAgentHeld(dataDir, id)) return false;
  const store = async (topic: "receipt" | "status", report: object) => {
    try {
      await bus.publishStored(agentSubject(id, topic), { ...report, agent_id: id });
    } catch (error) {
      if (!(error instanceof CliaiError) || error.code !== "payload_too_large") throw error;
      log.warn(`${id}: ${error.message}`);
    }
  };
  for (const { receipts, goodbye } of runs) {
    for (const receipt of receipts) await store("receipt", receipt);
    if (goodbye !== undefined) await store("status", goodbye);
  }
  // Another run may have come and ended meanwhile, and have added its own: the next look sends all of them.
  const isSame = (await readUnsent(dataDir, id)).length === runs.length;
  if (!isSame || isAgentHeld(dataDir, id)) return true;
  await removeUnsent(dataDir, id);
  log.info(`${id}: what it had to report when it ended, while NATS was away, is stored now`);
  return true;
}
