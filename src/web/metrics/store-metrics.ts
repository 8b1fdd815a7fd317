// The metrics of the store: its streams and buckets, and how far their consumers are behind.
import type { ConsumerLag, SystemFacts } from "../../server/server-readings.ts";
import { counter, gauge } from "./metric.ts";
import type { Metric, Sample } from "./prometheus-text.ts";

/** @param store undefined if NATS does not answer */
export function storeMetrics(store: SystemFacts["store"] | undefined): Metric[] {
  const perStream = (read: (stream: SystemFacts["store"]["streams"][number]) => number | undefined) =>
    (store?.streams ?? []).flatMap((stream) => {
      const value = read(stream);
      return value === undefined ? [] : [{ labels: { stream: stream.name }, value }];
    });
  const one = (value: number | undefined) => (value === undefined ? [] : [{ value }]);
  return [
    gauge("cliai_store_bytes", "What JetStream holds on the disk.", one(store?.bytes)),
    gauge(
      "cliai_store_limit_bytes",
      "What JetStream may hold; absent if only the disk limits it.",
      one(store?.limit_bytes),
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

/** How many consumers of all streams have series of their own, at most. */
export const mostConsumers = 1_000;
const otherConsumers = "other";

/** @param wantsEach whether to give a series for each durable consumer, too; those that are behind most, and all others together */
export function lagMetrics(lags: readonly ConsumerLag[], wantsEach: boolean): Metric[] {
  const byStream = [...Map.groupBy(lags, ({ stream }) => stream)];
  const perStream = (read: (messages: readonly number[]) => number): Sample[] =>
    byStream.map(([stream, those]) => ({
      labels: { stream },
      value: read(those.map(({ messages }) => messages)),
    }));
  return [
    gauge(
      "cliai_stream_lag_messages",
      "What the consumers of a stream have not handed out or nobody has acknowledged, together.",
      perStream((all) => all.reduce((sum, each) => sum + each, 0)),
    ),
    gauge(
      "cliai_stream_most_lag_messages",
      "What the consumer that is behind most has not handed out or nobody has acknowledged.",
      perStream((all) => all.reduce((most, each) => Math.max(most, each), 0)),
    ),
    gauge(
      "cliai_consumer_lag_messages",
      "What a consumer has not handed out or nobody has acknowledged.",
      wantsEach ? eachConsumer(lags) : [],
    ),
  ];
}

function eachConsumer(lags: readonly ConsumerLag[]): Sample[] {
  const named = lags
    .filter(({ is_durable }) => is_durable)
    .toSorted((a, b) => b.messages - a.messages || (a.consumer < b.consumer ? -1 : 1))
    .slice(0, mostConsumers);
  const chosen = new Set(named);
  const others = Map.groupBy(
    lags.filter((each) => !chosen.has(each)),
    ({ stream }) => stream,
  );
  return [
    ...named.map(({ stream, consumer, messages }) => ({ labels: { stream, consumer }, value: messages })),
    ...[...others].map(([stream, those]) => ({
      labels: { stream, consumer: otherConsumers },
      value: those.reduce((sum, { messages }) => sum + messages, 0),
    })),
  ];
}
