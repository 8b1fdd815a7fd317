// Work on many things, a few at a time: what takes long keeps the others waiting for a while only, and goes on beside them.
import { atMost } from "../../waiting.ts";

export interface Turns {
  /** How many are begun at once. */
  readonly atOnce: number;
  /** After this long the next may begin, though one is not done. */
  readonly turnMs: number;
}

/** Resolves when all is done. `work` must not reject. */
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
