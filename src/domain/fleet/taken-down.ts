// Agents that `cliai down --agents` stopped together with the server. Pure.
import { isStopType } from "../receipts.ts";
import type { AgentRecord } from "./agent-record.ts";

/** The reason that `cliai down --agents` gives with its stops. */
export const takenDownReason = "the server is taken down";

/** Whether the agent's last run was stopped by `cliai down --agents`. */
export function wasTakenDown({ said, heartbeat, commands }: AgentRecord): boolean {
  const run = heartbeat?.instance_id;
  const last = commands.findLast((command) => isStopType(command.type) && command.run === run);
  return said?.status === "stopped" && run !== undefined && last?.summary === takenDownReason;
}
