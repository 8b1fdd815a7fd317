// The metrics of `GET /metrics` as points of OTLP: the same names and values. Pure.
import type { Histogram, Metric } from "../web/metrics/prometheus-text.ts";
import type { Attributes } from "./span.ts";

export interface MetricPoints {
  readonly name: string;
  readonly description: string;
  /** In the words of UCUM; empty for a count. */
  readonly unit: string;
  readonly type: Metric["type"];
  readonly points: readonly MetricPoint[];
}

interface MetricPoint {
  readonly attributes: Attributes;
  readonly startMs: number;
  readonly atMs: number;
  readonly value: number | HistogramValue;
}

interface HistogramValue {
  /** One count more than boundaries: the last is for what is above all of them. Not added up, as those of Prometheus are. */
  readonly buckets: { readonly boundaries: readonly number[]; readonly counts: readonly number[] };
  readonly count: number;
  readonly sum: number;
}

/**
 * @param startMs when serve has started. Each sum tells it as its beginning, also those that count since before: those of nats-server itself,
 * of its streams, of tokens and of cost @param atMs now; both in ms since 1970
 */
export function metricPoints(metrics: readonly Metric[], startMs: number, atMs: number): MetricPoints[] {
  return metrics
    .filter(({ samples }) => samples.length > 0)
    .map((metric) => ({
      ...{ name: metric.name, description: metric.help, unit: unitOf(metric.name), type: metric.type },
      points:
        metric.type === "histogram"
          ? metric.samples.map((each) => ({ ...facts(each, startMs, atMs), value: histogramValue(each) }))
          : metric.samples.map((each) => ({ ...facts(each, startMs, atMs), value: each.value })),
    }));
}

function facts({ labels = {} }: { readonly labels?: Attributes }, startMs: number, atMs: number) {
  return { attributes: labels, startMs, atMs };
}

function unitOf(name: string): string {
  if (/_seconds(_|$)/.test(name)) return "s";
  return /_bytes(_|$)/.test(name) ? "By" : "";
}

function histogramValue({ within, count, sum }: Histogram): HistogramValue {
  const upTo = [...within.map(([, those]) => those), count];
  const counts = upTo.map((those, i) => those - (upTo[i - 1] ?? 0));
  return { buckets: { boundaries: within.map(([bound]) => bound), counts }, count, sum };
}
