// Reports to the fleet that a launch by `serve` has failed: the agent's status `failed_to_start`, and a receipt `failed` for its
// task. It skips what the agent's own host has reported already.
import { definedOf } from "../../../domain/defined.ts";
import { failedLaunchReceipt } from "../../../domain/receipts.ts";
import { summaryOf } from "../../../domain/text/summary.ts";
import type { AgentId } from "../../../domain/wire/agent-id.ts";
import { agentSubject } from "../../../domain/wire/subjects.ts";
import type { Bus } from "../../../nats/bus.ts";
import type { FleetService } from "../../../server/server.ts";
import { pause } from "../../../waiting.ts";

interface FailedTask {
  readonly id: AgentId;
  readonly task: string;
  /** The task's command id, if the sender of the task has it. */
  readonly commandId?: string | undefined;
  readonly reason: string;
}

export interface FailedLaunch extends Omit<FailedTask, "task"> {
  readonly task: string | undefined;
  /** When the launch began, RFC 3339. */
  readonly since: string;
}

/** How long to wait for the host's own report, which may be on its way. */
const toldWithinMs = 2_000;
const lookEveryMs = 50;

export async function noteFailedLaunch(
  { bus, fleet, now }: { readonly bus: Bus; readonly fleet: FleetService; readonly now: () => Date },
  { id, task, commandId, reason, since }: FailedLaunch,
): Promise<void> {
  const isTold = () => {
    const { said } = fleet.get(id) ?? {};
    return said?.status === "failed_to_start" && said.at >= since;
  };
  const deadline = performance.now() + toldWithinMs;
  while (!isTold() && performance.now() < deadline) await pause(lookEveryMs);
  const hasTask = fleet
    .get(id)
    ?.commands.some(({ summary, issued_at }) => issued_at >= since && summary === summaryOf(task ?? ""));
  if (task !== undefined && hasTask !== true)
    await noteFailedTask(bus, { id, task, commandId, reason }, now());
  // If the agent is online, somebody else has launched it under this id at the same moment.
  if (isTold() || fleet.get(id)?.axes.link.value === "online") return;
  const status = { agent_id: id, status: "failed_to_start", message: reason };
  await bus.publishStored(agentSubject(id, "status"), { ...status, timestamp: now().toISOString() });
}

/** Stores the receipt `failed` for the task of a launch, which was not stored as an order. */
export async function noteFailedTask(
  bus: Bus,
  { id, task, commandId, reason }: FailedTask,
  now: Date,
): Promise<void> {
  const failed = failedLaunchReceipt(crypto.randomUUID(), task, reason);
  const receipt = { agent_id: id, ...failed, ...definedOf({ command_id: commandId }) };
  await bus.publishStored(agentSubject(id, "receipt"), { ...receipt, timestamp: now.toISOString() });
}
