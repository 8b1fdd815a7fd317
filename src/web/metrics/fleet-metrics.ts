// The metrics of the fleet now: agents, what needs a person, what waits.
import { countNeeds, listNeeds } from "../../domain/fleet/needs/fleet-needs.ts";
import { needKinds } from "../../domain/fleet/needs/need.ts";
import { requestKinds } from "../../domain/requests.ts";
import { lagOf } from "../../domain/system/lag.ts";
import type { Server } from "../../server/server.ts";
import { createLabelLimit, gauge } from "./metric.ts";
import type { Metric } from "./prometheus-text.ts";

const mostProfiles = 100;

type Told = Pick<Server, "version" | "fleet" | "requests" | "alerts" | "isLeader">;

/** Returns the function that makes them; the profiles that come first keep their label. */
export function createFleetMetrics({
  version,
  fleet,
  requests,
  alerts,
  isLeader,
}: Told): (at: Date) => Metric[] {
  const profileLabel = createLabelLimit(mostProfiles);
  return (at) => {
    const views = fleet.list();
    const agents = Map.groupBy(views, (view) =>
      JSON.stringify([view.status, profileLabel(view.config_name)]),
    );
    const needs = Map.groupBy(listNeeds(views), ({ kind }) => kind);
    const open = Map.groupBy(requests.open(), ({ kind }) => kind);
    const alerting = Map.groupBy(alerts.open(), ({ severity, kind }) => JSON.stringify([severity, kind]));
    const lag = lagOf(views);
    const ageS = (moment: string | undefined) =>
      moment === undefined ? 0 : Math.max(0, (at.getTime() - Date.parse(moment)) / 1_000);
    return [
      gauge("cliai_build_info", "The version of this serve.", [{ labels: { version }, value: 1 }]),
      gauge("cliai_leader", "Whether this serve leads: 1 or 0.", [{ value: Number(isLeader()) }]),
      gauge(
        "cliai_agents",
        "The agents by their status and profile.",
        [...agents].map(([key, { length }]) => {
          const [status, profile] = JSON.parse(key) as [string, string];
          return { labels: { status, profile }, value: length };
        }),
      ),
      gauge("cliai_needs_you", "How many things about the agents wait for a person.", [
        { value: countNeeds(views) },
      ]),
      gauge(
        "cliai_needs",
        "The same by what they are.",
        needKinds.map((kind) => ({ labels: { kind }, value: needs.get(kind)?.length ?? 0 })),
      ),
      gauge(
        "cliai_open_requests",
        "The requests that wait for a person or a captain, by what they are.",
        requestKinds.map((kind) => ({ labels: { kind }, value: open.get(kind)?.length ?? 0 })),
      ),
      gauge("cliai_oldest_request_seconds", "How long the oldest of them has waited; 0 if there is none.", [
        { value: ageS(requests.open()[0]?.asked_at) },
      ]),
      gauge(
        "cliai_alerts",
        "The open alerts by their severity and kind.",
        [...alerting].map(([key, { length }]) => {
          const [severity, kind] = JSON.parse(key) as [string, string];
          return { labels: { severity, kind }, value: length };
        }),
      ),
      gauge("cliai_waiting_orders", "The orders that their agents have not taken yet.", [
        { value: lag.reduce((sum, { unread }) => sum + unread, 0) },
      ]),
      gauge("cliai_most_waiting_orders", "The same of the agent that has most of them.", [
        { value: Math.max(0, ...lag.map(({ unread }) => unread)) },
      ]),
      gauge(
        "cliai_oldest_waiting_order_seconds",
        "How long the oldest of them has waited; 0 if there is none.",
        [{ value: ageS(lag[0]?.oldest_at) }],
      ),
    ];
  };
}
