// Whether what another server has written down of an agent says as much as what is known here: by this, several servers
// come to the same record whichever of them heard what first.
import type { AgentRecord, HeartbeatEvidence } from "./agent-record.ts";

/** Heartbeats without a number of their own are told apart by their times, which come from the clocks of two machines. */
const clocksDifferByMs = 1_000;

/** Whether the stored record lacks something that our own has taken in. */
export function isBehind(stored: AgentRecord, own: AgentRecord): boolean {
  return (
    stored.audit_seq < own.audit_seq ||
    stored.commands_seq < own.commands_seq ||
    isOlderHeartbeat(stored.heartbeat, own.heartbeat)
  );
}

function isOlderHeartbeat(
  stored: HeartbeatEvidence | undefined,
  own: HeartbeatEvidence | undefined,
): boolean {
  if (own === undefined) return false;
  if (stored === undefined) return true;
  const isSameRun = own.instance_id !== undefined && own.instance_id === stored.instance_id;
  if (isSameRun && own.seq !== undefined && stored.seq !== undefined) return stored.seq < own.seq;
  return Date.parse(own.at) - Date.parse(stored.at) > clocksDifferByMs;
}
