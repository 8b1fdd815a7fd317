// Decides who has to give up how much when all together have too much.

/**
 * The share that nobody may exceed, so that all together have at most `most`: whoever has less keeps all of it. Infinity if they have no
 * more than that already.
 * @param sizes what each of them has
 */
export function fairShare(sizes: readonly number[], most: number): number {
  const ascending = sizes.toSorted((a, b) => a - b);
  let left = most;
  for (const [i, size] of ascending.entries()) {
    const share = left / (ascending.length - i);
    if (size > share) return share;
    left -= size;
  }
  return Number.POSITIVE_INFINITY;
}
