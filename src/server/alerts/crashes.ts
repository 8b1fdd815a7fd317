// Raises an alert when an agent has crashed: its CLI, or its host. Ends the alert when the agent is back, or somebody has stopped or
// removed it.
import { wayBack } from "../../domain/fleet/shown/way-back.ts";
import { statusTextOf } from "../../domain/fleet/status-look.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { FleetState } from "../fleet/fleet-state.ts";
import type { Lease } from "../lease.ts";
import type { Alerts } from "./alerts.ts";

/** The kind of the alert. */
export const crashedAlert = "crashed";

/** Only the leader does it. A serve that becomes the leader looks at every agent. Returns a function that ends it. */
export function watchCrashes(
  fleet: Pick<FleetState, "get" | "list" | "onChange">,
  alerts: Pick<Alerts, "raise" | "resolve" | "isOpen">,
  lease: Pick<Lease, "isLeader" | "onChange">,
): () => void {
  const look = (id: AgentId) => {
    const view = fleet.get(id);
    if (view?.status !== "crashed") return alerts.resolve(crashedAlert, id);
    if (alerts.isOpen(crashedAlert, id)) return;
    const message = `${id}: ${statusTextOf(view)}; what to do: ${wayBack(view)}`;
    alerts.raise({ kind: crashedAlert, severity: "warning", agentId: id, message });
  };
  const lookAtAll = () => {
    for (const { agent_id } of fleet.list()) look(agent_id);
  };
  const endings = [
    fleet.onChange(({ ids }) => {
      if (lease.isLeader()) for (const id of ids) look(id);
    }),
    lease.onChange((isLeader) => {
      if (isLeader) lookAtAll();
    }),
  ];
  if (lease.isLeader()) lookAtAll();
  return () => {
    for (const end of endings) end();
  };
}
