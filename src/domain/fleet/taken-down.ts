// Agents that `cliai down --agents` stopped together with the server. Pure.
import { isStopType } from "../receipts.ts";
import type { AgentRecord } from "./agent-record.ts";
import { lastRunOf } from "./evidence-that-counts.ts";

/** The reason that `cliai down --agents` gives with its stops. */
export const takenDownReason = "the server is taken down";

/** Whether the agent's last run was stopped by `cliai down --agents`. */
export function wasTakenDown(record: AgentRecord): boolean {
  const { said, commands } = record;
  const run = lastRunOf(record);
  const last = commands.findLast((command) => isStopType(command.type) && command.run === run);
  return said?.status === "stopped" && run !== undefined && last?.summary === takenDownReason;
}
