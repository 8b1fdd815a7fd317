// Time as a ratio: how long something takes, in durations of something else in the same run. A busy machine makes both longer.

const mostTries = 5;

/** How long it takes, in ms. */
export async function msOf(act: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await act();
  return performance.now() - startedMs;
}

/**
 * Measures until a ratio is at most `most`, five times at most, and resolves with the smallest. One measurement shows that it can be done;
 * others wait for the processor while the machine does other things. For a test: `expect(await leastRatio(2, …)).toBeLessThanOrEqual(2)`.
 * @param measure given the number of the try, from 0
 */
export async function leastRatio(most: number, measure: (time: number) => Promise<number>): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let time = 0; time < mostTries && least > most; time += 1)
    least = Math.min(least, await measure(time));
  return least;
}
