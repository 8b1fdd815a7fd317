// What standing rules know of the agent that asks for a permission.
import type { AgentRecord } from "../fleet/agent-record.ts";
import type { AgentRequest } from "../requests.ts";

export interface AskerFacts {
  /** Since when the agent is known, RFC 3339. */
  readonly first_seen?: string | undefined;
  /** What the run that asks has itself reported: its profile, its project and its machine. All absent if it has not reported them all. */
  readonly config_name?: string | undefined;
  readonly project_path?: string | undefined;
  readonly host?: string | undefined;
}

/** @param record undefined for an agent that is not known */
export function askerFacts({ run }: Pick<AgentRequest, "run">, record: AgentRecord | undefined): AskerFacts {
  if (record === undefined) return {};
  const { first_seen, heartbeat, config_name, project_path, host } = record;
  // The record may have what another run has reported: one before, or one beside.
  const isOfRun = run !== undefined && heartbeat?.instance_id === run && heartbeat.is_placed === true;
  return isOfRun ? { first_seen, config_name, project_path, host } : { first_seen };
}
