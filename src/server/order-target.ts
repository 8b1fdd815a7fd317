// Decides whether an agent may get an order. A control order belongs to one run of the agent. An agent that was stopped or has ended
// its work gets no task.
import type { AgentRecord } from "../domain/fleet/agent-record.ts";
import { isOlderInstance } from "../domain/fleet/evidence-that-counts.ts";
import { startAgainHint } from "../domain/fleet/shown/way-back.ts";
import { deriveAxes } from "../domain/fleet/status.ts";
import { isControl, type OrderType } from "../domain/receipts.ts";
import { CliaiError } from "../domain/text/errors.ts";

/** Whether the agent seems to have a run now. A silent one counts, because it may only be unreachable. */
function isRunning(record: AgentRecord, now: Date): boolean {
  const { value } = deriveAxes(record, now).link;
  return value === "online" || value === "silent";
}

/** The run that a control order is for: the agent's present one. Empty for a task, and if the heartbeats name no run. */
export function runOf(
  type: OrderType,
  record: AgentRecord | undefined,
  now: Date,
): { readonly run?: string } {
  if (!isControl(type) || record === undefined || !isRunning(record, now)) return {};
  const run = record.heartbeat?.instance_id;
  return run === undefined ? {} : { run };
}

/** Whether the agent can take an order of this type, now or later. */
export function takes(type: OrderType, record: AgentRecord, now: Date): boolean {
  return isControl(type) ? isRunning(record, now) : !isThrough(record);
}

/** @throws CliaiError `refused` for a control order to an agent that does not run, and for a task to one that was stopped or has ended */
export function requireTaker(type: OrderType, record: AgentRecord, now: Date): void {
  if (!isControl(type)) refuseStopped(record);
  else if (!isRunning(record, now)) throw notRunning(type, record, now);
}

function notRunning(type: OrderType, record: AgentRecord, now: Date): CliaiError {
  const { agent_id } = record;
  const { value, at, reason } = deriveAxes(record, now).link;
  const what = value === "never" || at === undefined ? "is not running" : `has not run since ${at}`;
  return new CliaiError("refused", `${agent_id} ${what} (${reason}): it cannot take a ${type}`, {
    hint: startAgainHint(record),
  });
}

/** Whether the agent was stopped, or its CLI ended by itself. An agent that crashed, or that lost its window or machine, is only away. */
function isThrough(record: AgentRecord): boolean {
  const status = record.said?.status;
  return (status === "stopped" || status === "ended") && !isOlderInstance(record);
}

/** @throws CliaiError `refused` if the agent was stopped or has ended */
export function refuseStopped(record: AgentRecord): void {
  const { agent_id, said } = record;
  if (said === undefined || !isThrough(record)) return;
  const why = said.message === undefined ? "" : ` (${said.message})`;
  const what = said.status === "stopped" ? "was stopped" : "ended its work";
  throw new CliaiError("refused", `${agent_id} ${what} at ${said.at}${why}: it takes no work`, {
    hint: startAgainHint(record),
  });
}
