// GET /api/events: the changes of the fleet as JSON, for programs. The pages have another stream: web/pages/page-events.tsx.
import type { Alert } from "../../domain/wire/messages.ts";
import type { Server } from "../../server/server.ts";
import type { StreamEvent, StreamSource } from "./event-stream.ts";
import { createFleetCursor, type FleetStep } from "./fleet-cursor.ts";

export interface ApiEventsOptions {
  readonly lastEventId: string | undefined;
  /** Only the events about this agent. */
  readonly agent: string | undefined;
}

/**
 * Sends first `fleet` (the whole state), then `agents` (only the changed views), `alert` and `health`. A viewer that comes back
 * gets `alerts` (the open ones), `health`, and the agents that changed meanwhile. If the server no longer knows which agents
 * changed, it sends `reset` and the whole state.
 */
export function createApiEvents(server: Server, { lastEventId, agent }: ApiEventsOptions): StreamSource {
  const { fleet, instance } = server;
  const cursor = createFleetCursor(server, lastEventId);
  const alertsToTell = new Map<string, Alert>();
  let shownHealth = "";
  let isBack = lastEventId !== undefined;
  const openAlerts = () =>
    server.alerts.open().filter(({ agent_id }) => agent === undefined || agent_id === agent);

  const fleetEvents = (step: FleetStep): StreamEvent[] => {
    const state = { instance, revision: fleet.revision() };
    const id = cursor.id();
    if (step.kind === "changed") {
      const ids = step.ids.filter((changed) => agent === undefined || changed === agent);
      const agents = ids.map((changed) => fleet.get(changed)).filter((view) => view !== undefined);
      return agents.length === 0 ? [] : [{ event: "agents", id, data: { ...state, agents } }];
    }
    isBack = false;
    alertsToTell.clear();
    shownHealth = JSON.stringify(server.health());
    const whole = {
      ...state,
      agents: fleet.list().filter(({ agent_id }) => agent === undefined || agent_id === agent),
      alerts: openAlerts(),
      health: server.health(),
    };
    const fleetEvent = { event: "fleet", id, data: whole };
    if (step.reset === undefined) return [fleetEvent];
    return [{ event: "reset", data: { ...state, reason: step.reset } }, fleetEvent];
  };

  return {
    next() {
      const step = cursor.advance();
      const events = step === undefined ? [] : fleetEvents(step);
      if (isBack) events.push({ event: "alerts", data: openAlerts() });
      isBack = false;
      for (const alert of alertsToTell.values()) events.push({ event: "alert", data: alert });
      alertsToTell.clear();
      const health = JSON.stringify(server.health());
      if (health !== shownHealth) events.push({ event: "health", data: server.health() });
      shownHealth = health;
      return events;
    },
    watch(wake) {
      const stops = [
        fleet.onChange(() => wake()),
        server.alerts.onAlert((alert) => {
          if (agent !== undefined && alert.agent_id !== agent) return;
          alertsToTell.set(alert.alert_id, alert);
          wake();
        }),
      ];
      return () => {
        for (const stop of stops) stop();
      };
    },
  };
}
