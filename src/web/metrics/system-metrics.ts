// The metrics of NATS and its store, as serve knows them: one scrape has all.
import type { Health } from "../../server/server.ts";
import type { SystemFacts } from "../../server/server-readings.ts";
import { counter, gauge } from "./metric.ts";
import type { Metric } from "./prometheus-text.ts";

/** @param facts undefined if NATS does not answer; then only what serve knows itself is told */
export function systemMetrics(health: Health, facts: SystemFacts | undefined): Metric[] {
  const { nats, malformed, ready } = health;
  const streams = facts?.store.streams ?? [];
  const known = facts?.nats;
  const perStream = (read: (stream: (typeof streams)[number]) => number | undefined) =>
    streams.flatMap((stream) => {
      const value = read(stream);
      return value === undefined ? [] : [{ labels: { stream: stream.name }, value }];
    });
  const one = (value: number | undefined) => (value === undefined ? [] : [{ value }]);
  return [
    gauge("cliai_ready", "Whether serve can take in and store everything: 1 or 0.", one(Number(ready))),
    gauge("cliai_nats_up", "Whether serve is connected to nats-server: 1 or 0.", one(Number(nats.connected))),
    counter(
      "cliai_nats_restarts_total",
      "How often serve has started its nats-server again.",
      one(nats.restarts),
    ),
    counter("cliai_malformed_messages_total", "The messages that could not be decoded.", one(malformed)),
    gauge("cliai_nats_connections", "The connections to nats-server.", one(known?.connections)),
    gauge("cliai_nats_memory_bytes", "The memory of nats-server.", one(known?.memory_bytes)),
    counter(
      "cliai_nats_slow_consumers_total",
      "The connections that nats-server has cut off since its start, because they read too slowly.",
      one(known?.slow_consumers),
    ),
    gauge("cliai_store_bytes", "What JetStream holds on the disk.", one(facts?.store.bytes)),
    gauge(
      "cliai_store_limit_bytes",
      "What JetStream may hold; absent if only the disk limits it.",
      one(facts?.store.limit_bytes),
    ),
    gauge(
      "cliai_stream_messages",
      "The messages in a stream or bucket.",
      perStream(({ messages }) => messages),
    ),
    gauge(
      "cliai_stream_bytes",
      "The size of a stream or bucket.",
      perStream(({ bytes }) => bytes),
    ),
    gauge(
      "cliai_stream_limit_bytes",
      "The size at which a stream drops its oldest messages, or takes no more.",
      perStream(({ max_bytes }) => max_bytes),
    ),
    counter(
      "cliai_stream_last_sequence_total",
      "The messages that a stream or bucket has ever stored.",
      perStream(({ last_seq }) => last_seq),
    ),
    gauge(
      "cliai_stream_consumers",
      "The consumers of a stream or bucket.",
      perStream(({ consumers }) => consumers),
    ),
  ];
}
