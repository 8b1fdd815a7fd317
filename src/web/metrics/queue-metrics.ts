// The metrics of the queues before model servers.
import type { QueueFigures } from "../../server/model-queue/queue-counts.ts";
import { counter, gauge, histogram } from "./metric.ts";
import type { Metric, Sample } from "./prometheus-text.ts";

export function queueMetrics(queues: readonly QueueFigures[]): Metric[] {
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
    histogram(
      "cliai_model_server_wait_seconds",
      "How long requests have waited for their lease.",
      queues.map((queue) => [{ server: queue.server }, queue.waits] as const),
    ),
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
