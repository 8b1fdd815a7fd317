// Whether memory grows or has come to rest, by how it went in the second half of a run. A heap that is tidied when it likes goes
// up and down, and what it comes down to is what is kept: the floors. Pure.

export interface MemorySample {
  /** Since the run began. */
  readonly atS: number;
  readonly serve_mb: number;
  readonly nats_mb: number;
}

export interface MemoryTrend {
  /** The lowest of each part of the second half, in the order of time. */
  readonly floorsMb: readonly number[];
  /** From the first part to the last, by the median slope between all pairs of them: one floor that stands out does not count. */
  readonly growthMb: number;
  readonly mostMb: number;
  /** How long the second half was. */
  readonly overS: number;
}

const parts = 8;
/**
 * A floor that moves so much says nothing: a tidying may leave a little more or less. nats-server keeps the block that it writes
 * last of each stream, of 8 MB when it is full, in buffers of 1, 4 and 8 MB (nats-server 2.15, by its heap profile), and Go lets as
 * much garbage come up before it tidies: one such step may fall into any half.
 */
const noiseMb = { serve_mb: 3, nats_mb: 16 } as const;
const noiseShare = 0.04;

/** @throws RangeError for fewer samples in the second half than it has parts */
export function memoryTrend(
  samples: readonly MemorySample[],
  name: "serve_mb" | "nats_mb",
  runS: number,
): MemoryTrend {
  const half = samples.filter(({ atS }) => atS >= runS / 2);
  if (half.length < parts) throw new RangeError(`${half.length} samples of memory tell of no trend`);
  const floorsMb = Array.from({ length: parts }, (_, n) => {
    const part = half.slice((n * half.length) / parts, ((n + 1) * half.length) / parts);
    return Math.min(...part.map((sample) => sample[name]));
  });
  return {
    floorsMb,
    growthMb: medianSlope(floorsMb) * (parts - 1),
    mostMb: noiseMb[name] + noiseShare * medianOf(floorsMb),
    overS: (half.at(-1)?.atS ?? 0) - (half[0]?.atS ?? 0),
  };
}

/** Theil and Sen's. */
function medianSlope(values: readonly number[]): number {
  const slopes = values.flatMap((from, i) => values.slice(i + 1).map((to, n) => (to - from) / (n + 1)));
  return medianOf(slopes);
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = 0, high = 0] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (low + high) / 2;
}
