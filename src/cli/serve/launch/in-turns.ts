// Works on many items, a few at a time. An item that takes long holds its place for `turnMs` only; then the next one begins, and
// the long one goes on beside it.
import { atMost } from "../../../waiting.ts";

export interface Turns {
  /** How many items are begun at once. */
  readonly atOnce: number;
  /** After this time the next item may begin, although this one is not done. */
  readonly turnMs: number;
}

/** Resolves when all items are done. `work` must not reject. */
export async function inTurns<Item>(
  items: Iterable<Item>,
  { atOnce, turnMs }: Turns,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  const begun: Promise<void>[] = [];
  const takeTurns = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      const done = work(item);
      begun.push(done);
      await atMost(turnMs, done);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, takeTurns));
  await Promise.all(begun);
}
