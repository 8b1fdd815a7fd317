// How many wrong tokens each address has sent of late. Bounded in memory, whoever sends what from how many addresses.

const windowMs = 60_000;
const triesPerAddress = 20;
const triesOverall = 200;
const addressesKept = 1_000;

export interface FailedTries {
  /** Counts one more; the seconds to wait when that was one too many, else undefined. */
  count(address: string): number | undefined;
}

interface Tally {
  since: number;
  tries: number;
}

/** @param now milliseconds of a clock that does not jump */
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
    byAddress.delete(address); // the latest last, so that the first is the one to forget
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
