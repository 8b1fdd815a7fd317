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

/** The same for work that comes one by one: begins each in its turn, in the order in which it comes, and settles with it. */
export function createTurns({ atOnce, turnMs }: Turns) {
  let free = atOnce;
  const waiting: (() => void)[] = [];
  const pass = () => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  return async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    const done = work();
    void atMost(turnMs, done).then(pass, pass);
    return await done;
  };
}
