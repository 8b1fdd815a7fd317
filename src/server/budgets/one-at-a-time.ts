// Does one piece of work after another, in the order in which they come: each reads what the one before has written.

/** Returns the function that does a piece of work in its turn. One that fails does not keep the next from its turn. */
export function createTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const done = last.then(work, work);
    last = done;
    return done;
  };
}
