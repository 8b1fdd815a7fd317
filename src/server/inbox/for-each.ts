// Does something for several agents, one after the other. If it fails for one, it is still done for the others.

/** @throws the first error, after it was tried for all */
export async function forEach<Each>(list: Iterable<Each>, act: (each: Each) => Promise<void>): Promise<void> {
  const errors: unknown[] = [];
  for (const each of list) {
    try {
      await act(each);
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}
