// One reading of an axis, with its age.
import type { Reading } from "../axes.ts";

export function read<Value extends string>(
  value: Value,
  source: Reading<Value>["source"],
  at: string,
  now: Date,
  reason: string,
): Reading<Value> {
  return {
    value,
    source,
    at,
    age_s: Math.max(0, Math.round((now.getTime() - Date.parse(at)) / 1000)),
    reason,
  };
}
