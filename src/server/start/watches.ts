// The last stage of a server: the watches, which run by themselves. They publish the fleet's state, raise and end alerts, and end the
// orders that nobody will take.
import type { FleetEvent } from "../../domain/fleet/reduce-agent.ts";
import { withLostConnections } from "../../domain/fleet/runs.ts";
import { summaryOf } from "../../domain/text/summary.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { ConnectionEvent } from "../../nats/accounts/system-account.ts";
import { watchCrashes } from "../alerts/crashes.ts";
import { resolveQuietAlerts } from "../alerts/quiet-alerts.ts";
import { createBudgetActs } from "../budgets/act-on-budgets.ts";
import { watchBudgets } from "../budgets/watch-budgets.ts";
import { watchSilence } from "../fleet/silence.ts";
import { publishState } from "../fleet/state-publisher.ts";
import { endWithRuns } from "../inbox/ended-runs.ts";
import { giveAgain } from "../inbox/given-again.ts";
import { endLostOrders } from "../inbox/lost-orders.ts";
import { expireOverdue } from "../inbox/overdue-orders.ts";
import { keepFairRoom } from "../transcripts/fair-room.ts";
import { startWatchdog } from "../watchdog/watchdog.ts";
import type { Desks } from "./desks.ts";
import type { FleetReading } from "./fleet-reading.ts";
import type { Foundation } from "./foundation.ts";
import type { ServerOptions } from "./server-options.ts";

const defaultResumeWindowMs = 10 * 60_000;
const nothing = () => undefined;

/** Returns a function that ends the watches. */
export function startWatches(
  { bus, instance, lease, fleet, alerts, consumers, spending, calls, now, log }: Foundation,
  { orderEnds, onEvent }: FleetReading,
  { holds, holding, budgets, requests }: Pick<Desks, "holds" | "holding" | "budgets" | "requests">,
  {
    followConnections,
    followViolations,
    resumeWindowMs = defaultResumeWindowMs,
    giveAgainAfterMs,
  }: ServerOptions,
): () => void {
  const endings = [
    publishState(bus, fleet, lease, instance, now, log),
    watchSilence(bus, fleet, alerts, lease),
    watchCrashes(fleet, alerts, lease),
    startWatchdog({ fleet, calls, alerts, holding, lease, now, log }),
    watchBudgets({
      ...{ budgets, requests, fleet, spending, alerts, lease, now },
      acts: createBudgetActs({ bus, fleet, budgets, requests, holding, now, log }),
    }),
    followConnections?.(({ id, ...event }) => {
      // Ignore the connection of an unknown agent: its first heartbeat, which follows at once, makes it known.
      if (fleet.record(id) !== undefined) onEvent(connectionEvent(id, event, now()));
    }) ?? nothing,
    bus.onConnection((isConnected) => {
      if (!isConnected) return;
      const [at, server] = [now().toISOString(), bus.serverId];
      for (const record of fleet.records()) {
        const id = record.agent_id;
        if (withLostConnections(record, server) !== record) onEvent({ type: "nats_server", id, at, server });
      }
    }),
    followViolations?.(({ id, act, subject, times }) =>
      alerts.raiseOwn({
        kind: "refused",
        severity: "warning",
        agentId: id,
        message: `nats-server does not let ${id ?? "a connection"} ${act} ${summaryOf(subject)}`,
        times,
      }),
    ) ?? nothing,
    resolveQuietAlerts(alerts),
    expireOverdue({ bus, fleet, lease, holds, orderEnds, now, log }),
    endWithRuns({ bus, fleet, lease, orderEnds, resumeWindowMs, now, log }),
    giveAgain({ bus, fleet, lease, consumers, afterMs: giveAgainAfterMs, log }),
    keepFairRoom({ bus, lease, now, log }),
    lease.onChange((isLeader) => {
      if (!isLeader) return;
      alerts.lead();
      // The leader before may have died after it removed a consumer and before it made it again.
      consumers.makeMissing(fleet.records().map(({ agent_id }) => agent_id));
    }),
  ];
  return () => {
    for (const end of endings) end();
  };
}

/** Ends lost orders in the background. Returns a function to call when the server ends. */
export function endLost(
  { bus, fleet, alerts, now, log }: Foundation,
  { projector, orderEnds, stored }: FleetReading,
): () => void {
  const ending = new AbortController();
  void endLostOrders({ bus, fleet, projector, orderEnds, alerts, now, log }, stored, ending.signal);
  return () => ending.abort();
}

function connectionEvent(
  id: AgentId,
  { instanceId, isUp, client, startedAt, reason }: Omit<ConnectionEvent, "id">,
  now: Date,
): FleetEvent {
  const at = now.toISOString();
  const evidence = { isUp, at, client, started_at: startedAt, instance_id: instanceId };
  return {
    type: "connection",
    id,
    at,
    connection: reason === undefined ? evidence : { ...evidence, reason },
  };
}
