// The texts of simulated records: as long and as varied as those of a working fleet, and the same for the same number. Pure.

const syllables =
  "ba be bi bo bu da de di do du ka ke ki ko ku la le li lo lu ma me mi mo mu na ne ni no nu ra re ri ro ru sa se si so su ta te ti to tu".split(
    " ",
  );
const vocabulary = 50_000;

/**
 * The words of record `n`: six of ten records have 10 words, three have 25, and one has 120. Word number r is used 1/r as often as the first
 * one, as in the texts of people.
 */
export function wordsOfRecord(n: number): string[] {
  const next = randomFrom(n);
  const kind = next();
  const count = kind < 0.6 ? 10 : kind < 0.9 ? 25 : 120;
  return Array.from({ length: count }, () => wordOfRank(Math.floor(vocabulary ** next())));
}

function wordOfRank(rank: number): string {
  let word = "";
  for (let rest = rank; rest > 0; rest = Math.floor(rest / syllables.length))
    word += syllables[rest % syllables.length] ?? "";
  // Common words are short, as in real texts.
  return word + (syllables[(rank * 7) % syllables.length] ?? "");
}

/** mulberry32: numbers from 0 to 1, the same for the same seed. */
function randomFrom(seed: number): () => number {
  let state = (seed * 0x9e3779b1) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
