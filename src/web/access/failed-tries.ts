// Counts the wrong tokens that each address has sent in the last minute. It keeps a limited number of addresses, so that nobody
// can fill the memory.

const windowMs = 60_000;
const triesPerAddress = 20;
const triesOverall = 200;
const addressesKept = 1_000;

export interface FailedTries {
  /** Counts one more try. Returns the seconds to wait if that was one too many, else undefined. */
  count(address: string): number | undefined;
}

interface Tally {
  since: number;
  tries: number;
}

/** @param now milliseconds of a monotonic clock */
export function createFailedTries(now: () => number): FailedTries {
  const overall: Tally = { since: now(), tries: 0 };
  const byAddress = new Map<string, Tally>();

  const add = (tally: Tally, most: number): number | undefined => {
    const age = now() - tally.since;
    if (age >= windowMs) Object.assign(tally, { since: now(), tries: 0 });
    tally.tries += 1;
    return tally.tries > most ? Math.max(1, Math.ceil((tally.since + windowMs - now()) / 1000)) : undefined;
  };
  const tallyOf = (address: string): Tally => {
    const tally = byAddress.get(address) ?? { since: now(), tries: 0 };
    byAddress.delete(address); // set it again as the last, so that the first is the oldest
    byAddress.set(address, tally);
    const [oldest] = byAddress.keys();
    if (byAddress.size > addressesKept && oldest !== undefined) byAddress.delete(oldest);
    return tally;
  };
  return {
    count(address) {
      const waits = [add(overall, triesOverall), add(tallyOf(address), triesPerAddress)];
      const [longest] = waits.filter((wait) => wait !== undefined).sort((a, b) => b - a);
      return longest;
    },
  };
}
