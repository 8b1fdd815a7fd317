// Judges whether memory still grew in the second half of a run. Garbage collection makes memory go up and down; the lowest values, the
// floors, show how much is really kept. Pure.

export interface MemorySample {
  /** Seconds since the run began. */
  readonly atS: number;
  readonly serve_mb: number;
  readonly nats_mb: number;
}

export interface MemoryTrend {
  /** The lowest value in each part of the second half, in the order of time. */
  readonly floorsMb: readonly number[];
  /** The growth from the first floor to the last, by the median slope of all pairs, so that a single odd floor does not count. */
  readonly growthMb: number;
  readonly mostMb: number;
  /** The length of the second half in seconds. */
  readonly overS: number;
}

const parts = 8;
/**
 * Growth up to this much is ignored. Garbage collection may leave a little more or less. nats-server keeps the last block of each stream,
 * up to 8 MB, in buffers of 1, 4 and 8 MB (nats-server 2.15, from its heap profile), and Go lets as much garbage accumulate before it
 * collects. One such step may fall into either half.
 */
const noiseMb = { serve_mb: 3, nats_mb: 16 } as const;
const noiseShare = 0.04;
/**
 * serve is killed in the first third of a run. The heap of the next one fills for a minute or two, sooner or later as the machine is busy. In a
 * run of two minutes that is most of the second half, so there this share of the memory is allowed besides; in one of ten minutes hardly any.
 */
const fillingShare = { serve_mb: (runS: number) => 0.15 * (120 / runS) ** 2, nats_mb: () => 0 } as const;

/** @throws RangeError if the second half has fewer samples than parts */
export function memoryTrend(
  samples: readonly MemorySample[],
  name: "serve_mb" | "nats_mb",
  runS: number,
): MemoryTrend {
  const half = samples.filter(({ atS }) => atS >= runS / 2);
  if (half.length < parts) throw new RangeError(`${half.length} samples of memory are too few for a trend`);
  const floorsMb = Array.from({ length: parts }, (_, n) => {
    const part = half.slice((n * half.length) / parts, ((n + 1) * half.length) / parts);
    return Math.min(...part.map((sample) => sample[name]));
  });
  return {
    floorsMb,
    growthMb: medianSlope(floorsMb) * (parts - 1),
    mostMb: noiseMb[name] + (noiseShare + fillingShare[name](runS)) * medianOf(floorsMb),
    overS: (half.at(-1)?.atS ?? 0) - (half[0]?.atS ?? 0),
  };
}

/** The Theil–Sen estimator. */
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
