// The metrics of what is sent over OTLP; none if nothing is.
import { counter } from "./metric.ts";
import type { Metric } from "./prometheus-text.ts";

export interface ExportedSignal {
  /** `traces`, `metrics` or `logs`. */
  readonly signal: string;
  readonly sent: number;
  readonly dropped: number;
}

export function exportMetrics(signals: readonly ExportedSignal[]): Metric[] {
  const values = (key: "sent" | "dropped") =>
    signals.map((each) => ({ labels: { signal: each.signal }, value: each[key] }));
  return [
    counter("cliai_otlp_sent_total", "What the OTLP collector has taken.", values("sent")),
    counter("cliai_otlp_dropped_total", "What was not sent to the OTLP collector.", values("dropped")),
  ];
}
