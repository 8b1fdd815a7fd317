// Counts measurements by their size, as the classic histogram of Prometheus does. Pure.

export interface Distribution {
  /** How many measurements were at most that large, by rising bounds. */
  readonly within: readonly (readonly [bound: number, count: number])[];
  readonly count: number;
  readonly sum: number;
}

/** @param bounds rising */
export function emptyDistribution(bounds: readonly number[]): Distribution {
  return { within: bounds.map((bound) => [bound, 0] as const), count: 0, sum: 0 };
}

/** A measurement below 0, which a clock that was set back gives, counts as 0. */
export function withMeasurement(known: Distribution, measured: number): Distribution {
  const value = Math.max(0, measured);
  return {
    within: known.within.map(([bound, count]) => [bound, count + Number(value <= bound)]),
    count: known.count + 1,
    sum: known.sum + value,
  };
}
