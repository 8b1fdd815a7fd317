// The metrics of `GET /metrics`: the fleet by status, what needs a person, and the queues before model servers.

import type { Context } from "hono";
import { accepts } from "hono/accepts";
import { countNeeds, listNeeds } from "../../domain/fleet/needs/fleet-needs.ts";
import { needKinds } from "../../domain/fleet/needs/need.ts";
import type { Server } from "../../server/server.ts";
import { type Metric, type MetricFormat, metricFormats, metricText, type Sample } from "./prometheus-text.ts";

export function metricsText(server: Server, format: MetricFormat): string {
  return metricText(format, [...fleetMetrics(server), ...queueMetrics(server)]);
}

/** The format that the client prefers, by its header `Accept`: OpenMetrics only if it names that. */
export function wantedFormat(c: Context): MetricFormat {
  const supports = [mediaTypes.prometheus, mediaTypes.openMetrics];
  const chosen = accepts(c, { header: "Accept", supports, default: mediaTypes.prometheus });
  return chosen === mediaTypes.openMetrics ? "openMetrics" : "prometheus";
}

const mediaTypes = {
  prometheus: mediaTypeOf(metricFormats.prometheus),
  openMetrics: mediaTypeOf(metricFormats.openMetrics),
};

function mediaTypeOf(contentType: string): string {
  return contentType.replace(/;.*/, "");
}

function fleetMetrics({ version, fleet, requests, isLeader, health }: Server): Metric[] {
  const views = fleet.list();
  const byStatus = Map.groupBy(views, ({ status }) => status);
  const byKind = Map.groupBy(listNeeds(views), ({ kind }) => kind);
  return [
    gauge("cliai_build_info", "The version of this serve.", [{ labels: { version }, value: 1 }]),
    gauge("cliai_leader", "Whether this serve leads: 1 or 0.", [{ value: Number(isLeader()) }]),
    gauge(
      "cliai_agents",
      "The agents by their status.",
      [...byStatus].map(([status, agents]) => ({ labels: { status }, value: agents.length })),
    ),
    gauge("cliai_needs_you", "How many things about the agents wait for a person.", [
      { value: countNeeds(views) },
    ]),
    gauge(
      "cliai_needs",
      "The same by what they are.",
      needKinds.map((kind) => ({ labels: { kind }, value: byKind.get(kind)?.length ?? 0 })),
    ),
    gauge("cliai_open_requests", "The requests that wait for a person or a captain.", [
      { value: requests.open().length },
    ]),
    counter("cliai_malformed_messages_total", "The messages that could not be decoded.", [
      { value: health().malformed },
    ]),
  ];
}

function queueMetrics(server: Server): Metric[] {
  const queues = server.modelQueues();
  const each = (read: (queue: (typeof queues)[number]) => number | undefined): Sample[] =>
    queues.flatMap((queue) => {
      const value = read(queue);
      return value === undefined ? [] : [{ labels: { server: queue.server }, value }];
    });
  return [
    gauge(
      "cliai_model_server_slots",
      "How many requests a model server works on at the same time; only the leader tells.",
      each(({ slots }) => slots),
    ),
    gauge(
      "cliai_model_server_leases",
      "The requests that are with a model server; only the leader tells.",
      each(({ leases }) => leases),
    ),
    gauge(
      "cliai_model_server_waiting_requests",
      "The requests that wait in the queue before a model server; only the leader tells.",
      each(({ waiting }) => waiting),
    ),
    {
      ...{ type: "histogram", name: "cliai_model_server_wait_seconds" },
      help: "How long requests have waited for their lease.",
      samples: queues.map(({ server: name, waits: { within, count, sumS } }) => ({
        ...{ labels: { server: name }, within, count, sum: sumS },
      })),
    },
    counter(
      "cliai_model_server_unqueued_requests_total",
      "The requests that were sent to a model server without the queue.",
      each(({ unqueued }) => unqueued),
    ),
    counter(
      "cliai_model_server_lost_leases_total",
      "The leases that were taken back, because their hosts were not heard any more.",
      each(({ lost }) => lost),
    ),
  ];
}

function gauge(name: string, help: string, samples: readonly Sample[]): Metric {
  return { type: "gauge", name, help, samples };
}

function counter(name: string, help: string, samples: readonly Sample[]): Metric {
  return { type: "counter", name, help, samples };
}
