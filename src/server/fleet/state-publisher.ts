// Publishes the fleet's state on `dashboard.state`, at most four times a second and less often for a large fleet. Only the
// leader does.
import { countNeeds } from "../../domain/fleet/needs/fleet-needs.ts";
import { messageOf } from "../../domain/text/errors.ts";
import { dashboardStateSubject } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import type { Lease } from "../lease.ts";
import type { FleetState } from "./fleet-state.ts";

const publishEveryMs = 250;
/** The state of 1,000 agents is 1 MB, so it is published once a second, not four times. */
const forEachAgentMs = 1;

/** Returns a function that ends it. */
export function publishState(
  bus: Bus,
  fleet: FleetState,
  lease: Lease,
  instance: string,
  now: () => Date,
  log: Logger,
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let agents = 0;
  const publish = () => {
    timer = undefined;
    if (!bus.isConnected() || !lease.isLeader()) return;
    try {
      const views = fleet.list();
      const facts = { instance, revision: fleet.revision(), at: now().toISOString() };
      const state = { ...facts, needs: countNeeds(views), agents: views };
      agents = views.length;
      bus.publish(dashboardStateSubject, state);
    } catch (error) {
      log.warn(`the fleet's state is not published: ${messageOf(error)}`);
    }
  };
  const publishSoon = () => {
    timer ??= setTimeout(publish, Math.max(publishEveryMs, forEachAgentMs * agents));
  };
  const endings = [fleet.onChange(publishSoon), lease.onChange(publishSoon)];
  return () => {
    for (const end of endings) end();
    clearTimeout(timer);
  };
}
