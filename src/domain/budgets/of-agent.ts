// Finds what belongs to an agent in a long list that many budgets ask about.

const indexes = new WeakMap<readonly object[], ReadonlyMap<string, readonly object[]>>();

/** Those of the list with this `agent_id`. @param list must not change: it is looked through once */
export function ofAgent<T extends { readonly agent_id: string }>(
  list: readonly T[],
  id: string | undefined,
): readonly T[] {
  let index = indexes.get(list) as ReadonlyMap<string, readonly T[]> | undefined;
  if (index === undefined) {
    index = Map.groupBy(list, ({ agent_id }) => agent_id);
    indexes.set(list, index);
  }
  return (id === undefined ? undefined : index.get(id)) ?? [];
}
