// Compares the records in the stream with those that were signed, and tells which differ and how. Pure: the digests are computed elsewhere.
import type { SignedRecord } from "./audit.ts";

/** A record as it is in the stream; `seq` is the stream's own number, which differs in a copy. */
export interface SeenRecord extends SignedRecord {
  readonly subject: string;
}

export interface Alignment {
  readonly same: readonly { readonly signed: SignedRecord; readonly seen: SeenRecord }[];
  readonly changed: readonly { readonly signed: SignedRecord; readonly seen: SeenRecord }[];
  readonly moved: readonly { readonly signed: SignedRecord; readonly seen: SeenRecord }[];
  readonly removed: readonly SignedRecord[];
  readonly inserted: readonly SeenRecord[];
  /** How many entries of each list are settled. Compare the rest again, together with the records that follow. */
  readonly signedSettled: number;
  readonly seenSettled: number;
}

export interface AlignmentOptions {
  /** Whether the records have the sequences that were signed, so that a changed record has kept its number. */
  readonly isNumbered: boolean;
  /** Whether no further records belong to these lists; then everything is settled. */
  readonly isLast: boolean;
}

type Match = readonly [signed: number, seen: number];

/**
 * Settles everything up to the last record that both lists hold. A later record may still appear in the next part.
 * Each of `removed`, `changed` and `moved` is in the order of the signed sequence.
 */
export function alignRecords(
  signed: readonly SignedRecord[],
  seen: readonly SeenRecord[],
  { isNumbered, isLast }: AlignmentOptions,
): Alignment {
  const matches = longestCommonOrder(signed, seen);
  const [lastSigned, lastSeen] = matches.at(-1) ?? [-1, -1];
  const signedSettled = isLast ? signed.length : lastSigned + 1;
  const seenSettled = isLast ? seen.length : lastSeen + 1;

  const same = pairs(matches, signed, seen);
  const moved = pairs(findMoved(matches, signed, seen, signedSettled, seenSettled), signed, seen);
  const gone = new Set<SignedRecord>([...same, ...moved].map((pair) => pair.signed));
  const known = new Set<SeenRecord>([...same, ...moved].map((pair) => pair.seen));

  const changed: { signed: SignedRecord; seen: SeenRecord }[] = [];
  const removed: SignedRecord[] = [];
  const inserted: SeenRecord[] = [];
  const ends: Match[] = [...matches, [signedSettled, seenSettled]];
  let [fromSigned, fromSeen] = [0, 0];
  let shift = 0;
  for (const [toSigned, toSeen] of ends) {
    const missing = signed.slice(fromSigned, toSigned).filter((record) => !gone.has(record));
    const strange = seen.slice(fromSeen, toSeen).filter((record) => !known.has(record));
    const inOrder = !isNumbered && missing.length === strange.length;
    const bySeq = new Map(strange.map((record, i) => [inOrder ? i : record.seq - shift, record]));
    for (const [i, record] of missing.entries()) {
      const key = inOrder ? i : record.seq;
      const other = bySeq.get(key);
      bySeq.delete(key);
      if (other === undefined) removed.push(record);
      else changed.push({ signed: record, seen: other });
    }
    inserted.push(...bySeq.values());
    [fromSigned, fromSeen] = [toSigned + 1, toSeen + 1];
    if (!isNumbered) shift = (seen[toSeen]?.seq ?? 0) - (signed[toSigned]?.seq ?? 0);
  }
  return { same, changed, moved, removed, inserted, signedSettled, seenSettled };
}

/** The longest list of records that both have in the same order (Hunt and Szymanski). Several records may be equal. */
function longestCommonOrder(signed: readonly SignedRecord[], seen: readonly SeenRecord[]): Match[] {
  const matches: Match[] = [];
  let start = 0;
  while (start < signed.length && signed[start]?.digest === seen[start]?.digest) {
    matches.push([start, start]);
    start += 1;
  }
  if (start === signed.length || start === seen.length) return matches;
  const places = new Map<string, number[]>();
  for (let i = signed.length - 1; i >= start; i -= 1) {
    const digest = signed[i]?.digest ?? "";
    const list = places.get(digest);
    if (list === undefined) places.set(digest, [i]);
    else list.push(i);
  }
  interface Chain {
    readonly match: Match;
    readonly before: Chain | undefined;
  }
  // `best[n]` is the chain of n + 1 matches that ends at the earliest signed record.
  const best: Chain[] = [];
  for (let j = start; j < seen.length; j += 1) {
    for (const i of places.get(seen[j]?.digest ?? "") ?? []) {
      const length = lowerBound(best, ({ match }) => match[0] >= i);
      best[length] = { match: [i, j], before: best[length - 1] };
    }
  }
  const rest: Match[] = [];
  for (let chain = best.at(-1); chain !== undefined; chain = chain.before) rest.push(chain.match);
  return [...matches, ...rest.reverse()];
}

/** The records that both have, but not in the same order. */
function findMoved(
  matches: readonly Match[],
  signed: readonly SignedRecord[],
  seen: readonly SeenRecord[],
  signedSettled: number,
  seenSettled: number,
): Match[] {
  if (matches.length === signedSettled && matches.length === seenSettled) return [];
  const inOrder = new Set(matches.map(([i]) => i));
  const known = new Set(matches.map(([, j]) => j));
  const places = new Map<string, number[]>();
  for (let j = seenSettled - 1; j >= 0; j -= 1) {
    const digest = seen[j]?.digest ?? "";
    if (!known.has(j)) places.set(digest, [...(places.get(digest) ?? []), j]);
  }
  const moved: Match[] = [];
  for (let i = 0; i < signedSettled; i += 1) {
    const j = inOrder.has(i) ? undefined : places.get(signed[i]?.digest ?? "")?.pop();
    if (j !== undefined) moved.push([i, j]);
  }
  return moved;
}

function pairs(
  matches: readonly Match[],
  signed: readonly SignedRecord[],
  seen: readonly SeenRecord[],
): { signed: SignedRecord; seen: SeenRecord }[] {
  return matches.flatMap(([i, j]) => {
    const [one, other] = [signed[i], seen[j]];
    return one === undefined || other === undefined ? [] : [{ signed: one, seen: other }];
  });
}

/** The first index whose element passes; the length if none does. All elements after one that passes must pass too. */
function lowerBound<T>(list: readonly T[], passes: (element: T) => boolean): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const element = list[middle];
    if (element !== undefined && passes(element)) high = middle;
    else low = middle + 1;
  }
  return low;
}
