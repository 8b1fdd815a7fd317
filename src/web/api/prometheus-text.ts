// Writes metrics in the text format of Prometheus, version 0.0.4. Pure. `prom-client` is not used, because it counts by itself and cannot take a
// histogram that `src/server` has counted.

export const prometheusContentType = "text/plain; version=0.0.4; charset=utf-8";

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels?: Labels;
  readonly value: number;
}

export interface Histogram {
  readonly labels?: Labels;
  /** For each bound in rising order: how many observations were at most that large. */
  readonly within: readonly (readonly [bound: number, count: number])[];
  readonly count: number;
  readonly sum: number;
}

interface Named {
  /** With its unit, and `_total` for a counter. */
  readonly name: string;
  readonly help: string;
}

export type Metric =
  | (Named & { readonly type: "gauge" | "counter"; readonly samples: readonly Sample[] })
  | (Named & { readonly type: "histogram"; readonly samples: readonly Histogram[] });

/** A metric without samples is left out. */
export function prometheusText(metrics: readonly Metric[]): string {
  return metrics.flatMap((metric) => (metric.samples.length === 0 ? [] : linesOf(metric))).join("");
}

function linesOf(metric: Metric): string[] {
  const { name, help, type } = metric;
  const heads = [`# HELP ${name} ${escaped(help)}\n`, `# TYPE ${name} ${type}\n`];
  if (metric.type === "histogram")
    return [...heads, ...metric.samples.flatMap((each) => bucketLines(name, each))];
  return [...heads, ...metric.samples.map(({ labels, value }) => line(name, labels, value))];
}

function bucketLines(name: string, { labels = {}, within, count, sum }: Histogram): string[] {
  const bucket = (le: string, value: number) => line(`${name}_bucket`, { ...labels, le }, value);
  return [
    ...within.map(([bound, those]) => bucket(String(bound), those)),
    bucket("+Inf", count),
    line(`${name}_sum`, labels, sum),
    line(`${name}_count`, labels, count),
  ];
}

function line(name: string, labels: Labels = {}, value: number): string {
  const pairs = Object.entries(labels).map(
    ([label, text]) => `${label}="${escaped(text).replaceAll('"', '\\"')}"`,
  );
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}\n`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
