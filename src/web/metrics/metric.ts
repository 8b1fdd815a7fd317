// The parts of which the lists of metrics are made.
import type { Distribution } from "../../domain/system/distribution.ts";
import type { Metric, Sample } from "./prometheus-text.ts";

export function gauge(name: string, help: string, samples: readonly Sample[]): Metric {
  return { type: "gauge", name, help, samples };
}

export function counter(name: string, help: string, samples: readonly Sample[]): Metric {
  return { type: "counter", name, help, samples };
}

/** @param distributions each with its labels */
export function histogram(
  name: string,
  help: string,
  distributions: Iterable<readonly [labels: Readonly<Record<string, string>>, Distribution]>,
): Metric {
  const samples = [...distributions].map(([labels, distribution]) => ({ labels, ...distribution }));
  return { type: "histogram", name, help, samples };
}

/** What counts for all values of a label after the first ones, so that agents cannot make any number of series. */
const otherValue = "other";

/** Returns `value` for the first `most` values that are asked for, and {@link otherValue} for later ones. */
export function createLabelLimit(most: number): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.has(value)) return value;
    if (known.size >= most) return otherValue;
    known.add(value);
    return value;
  };
}
