// Raises an alert if an agent falls silent, or its connection breaks, without a goodbye. Ends the alert when the agent is heard again.
// Time in which this serve did not run, or was cut off from NATS, does not count as silence.
import { silentAfterMs } from "../../domain/fleet/axis/link.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Bus } from "../../nats/bus.ts";
import type { Alerts } from "../alerts/alerts.ts";
import type { Lease } from "../lease.ts";
import type { FleetState } from "./fleet-state.ts";

/** The kind of the alert. */
export const silentAlert = "silent";
const lookAgainEveryMs = 1_000;
/** A host or bridge that still lives reconnects within this time. */
const returnsWithinS = 3;

/** Only the leader does it. A serve that becomes the leader looks at every agent. Returns a function that ends it. */
export function watchSilence(bus: Bus, fleet: FleetState, alerts: Alerts, lease: Lease): () => void {
  const toLookAt = new Set<AgentId>();
  let listeningSinceMs = performance.now();

  const look = (id: AgentId) => {
    toLookAt.delete(id);
    const view = fleet.get(id);
    const link = view?.axes.link;
    const isBroken = link?.value === "offline" && link.source === "connection";
    if (view === undefined || (link?.value !== "silent" && !isBroken)) {
      alerts.resolve(silentAlert, id);
      return;
    }
    if (alerts.isOpen(silentAlert, id)) return;
    if (isBroken && (link.age_s ?? 0) < returnsWithinS) {
      toLookAt.add(id);
      return;
    }
    const listenedForMs = performance.now() - listeningSinceMs;
    if (!bus.isConnected() || (view.heartbeat !== undefined && listenedForMs < silentAfterMs(view.heartbeat)))
      toLookAt.add(id);
    else
      alerts.raise({
        kind: silentAlert,
        severity: "warning",
        agentId: id,
        message: `${id}: ${view.axes.link.reason}`,
      });
  };
  const lookAtAll = () => {
    for (const { agent_id } of fleet.list()) look(agent_id);
  };
  const timer = setInterval(() => {
    if (lease.isLeader()) for (const id of [...toLookAt]) look(id);
  }, lookAgainEveryMs);
  const endings = [
    bus.onConnection((connected) => {
      if (connected) listeningSinceMs = performance.now();
    }),
    fleet.onChange(({ ids }) => {
      if (lease.isLeader()) for (const id of ids) look(id);
    }),
    lease.onChange((isLeader) => {
      if (isLeader) lookAtAll();
      else toLookAt.clear();
    }),
  ];
  if (lease.isLeader()) lookAtAll();
  return () => {
    clearInterval(timer);
    for (const end of endings) end();
  };
}
