// The metrics of nats-server, as serve knows it and as it tells of itself: one scrape has all.
import type { Health } from "../../server/server.ts";
import type { SystemFacts } from "../../server/server-readings.ts";
import { counter, gauge } from "./metric.ts";
import type { Metric } from "./prometheus-text.ts";

/** @param facts undefined if nats-server does not answer, or has no system account for serve; then only what serve knows itself is told */
export function natsMetrics({ nats, malformed, ready }: Health, facts: SystemFacts["nats"]): Metric[] {
  const one = (value: number | undefined) => (value === undefined ? [] : [{ value }]);
  const jetstream = facts?.jetstream;
  const startedAt = facts && Date.parse(facts.started_at) / 1_000;
  return [
    gauge("cliai_ready", "Whether serve can take in and store everything: 1 or 0.", one(Number(ready))),
    gauge("cliai_nats_up", "Whether serve is connected to nats-server: 1 or 0.", one(Number(nats.connected))),
    counter(
      "cliai_nats_restarts_total",
      "How often serve has started its nats-server again.",
      one(nats.restarts),
    ),
    counter("cliai_malformed_messages_total", "The messages that could not be decoded.", one(malformed)),
    gauge("cliai_nats_start_time_seconds", "When nats-server has started, in Unix time.", one(startedAt)),
    gauge("cliai_nats_connections", "The connections to nats-server.", one(facts?.connections)),
    counter(
      "cliai_nats_opened_connections_total",
      "The connections to nats-server since its start.",
      one(facts?.connections_ever),
    ),
    gauge("cliai_nats_subscriptions", "The subscriptions at nats-server.", one(facts?.subscriptions)),
    gauge("cliai_nats_memory_bytes", "The memory of nats-server.", one(facts?.memory_bytes)),
    gauge(
      "cliai_nats_cpu_cores",
      "How many processor cores nats-server uses.",
      one(facts?.cpu_percent === undefined ? undefined : facts.cpu_percent / 100),
    ),
    counter(
      "cliai_nats_slow_consumers_total",
      "The connections that nats-server has cut off since its start, because they read too slowly.",
      one(facts?.slow_consumers),
    ),
    counter(
      "cliai_nats_received_messages_total",
      "The messages that clients have sent to nats-server.",
      one(facts?.received?.messages),
    ),
    counter(
      "cliai_nats_received_bytes_total",
      "The size of what clients have sent to nats-server.",
      one(facts?.received?.bytes),
    ),
    counter(
      "cliai_nats_sent_messages_total",
      "The messages that nats-server has sent to clients.",
      one(facts?.sent?.messages),
    ),
    counter(
      "cliai_nats_sent_bytes_total",
      "The size of what nats-server has sent to clients.",
      one(facts?.sent?.bytes),
    ),
    gauge(
      "cliai_nats_jetstream_bytes",
      "What JetStream holds on the disk, of all accounts.",
      one(jetstream?.bytes),
    ),
    gauge(
      "cliai_nats_jetstream_memory_bytes",
      "What JetStream holds in memory, of all accounts.",
      one(jetstream?.memory_bytes),
    ),
    gauge(
      "cliai_nats_jetstream_reserved_bytes",
      "What the limits of all streams may take together.",
      one(jetstream?.reserved_bytes),
    ),
    gauge(
      "cliai_nats_jetstream_limit_bytes",
      "What nats-server lets JetStream hold on the disk.",
      one(jetstream?.limit_bytes),
    ),
    counter(
      "cliai_nats_jetstream_api_requests_total",
      "The requests to the API of JetStream.",
      one(jetstream?.api_requests),
    ),
    counter(
      "cliai_nats_jetstream_api_errors_total",
      "The requests to the API of JetStream that failed, also because something was not there.",
      one(jetstream?.api_errors),
    ),
  ];
}
