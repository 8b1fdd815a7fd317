// Writes metrics in the text format of Prometheus, version 0.0.4, or in that of OpenMetrics 1.0. Pure. `prom-client` is not used, because it
// counts by itself and cannot take a histogram that `src/server` has counted.

/** The text formats, with their content types. */
export const metricFormats = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
} as const;
export type MetricFormat = keyof typeof metricFormats;

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
export function metricText(format: MetricFormat, metrics: readonly Metric[]): string {
  const lines = metrics.flatMap((metric) => (metric.samples.length === 0 ? [] : linesOf(format, metric)));
  return [...lines, ...(format === "openMetrics" ? ["# EOF\n"] : [])].join("");
}

function linesOf(format: MetricFormat, metric: Metric): string[] {
  const { name, help, type } = metric;
  // OpenMetrics names the family of a counter without the ending that its samples have.
  const family = format === "openMetrics" && type === "counter" ? name.replace(/_total$/, "") : name;
  const helpText = format === "openMetrics" ? escapedLabel(help) : escaped(help);
  const heads = [`# HELP ${family} ${helpText}\n`, `# TYPE ${family} ${type}\n`];
  if (metric.type === "histogram")
    return [...heads, ...metric.samples.flatMap((each) => bucketLines(format, name, each))];
  return [...heads, ...metric.samples.map(({ labels, value }) => line(name, labels, value))];
}

function bucketLines(
  format: MetricFormat,
  name: string,
  { labels = {}, within, count, sum }: Histogram,
): string[] {
  const bucket = (le: string, value: number) => line(`${name}_bucket`, { ...labels, le }, value);
  // OpenMetrics wants each bound as a floating point number.
  const bound = (le: number) => (format === "openMetrics" && Number.isInteger(le) ? `${le}.0` : String(le));
  return [
    ...within.map(([le, those]) => bucket(bound(le), those)),
    bucket("+Inf", count),
    line(`${name}_sum`, labels, sum),
    line(`${name}_count`, labels, count),
  ];
}

function line(name: string, labels: Labels = {}, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapedLabel(text)}"`);
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}\n`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function escapedLabel(text: string): string {
  return escaped(text).replaceAll('"', '\\"');
}
