// Copies the fields of an object that are not `undefined`, for types whose optional fields may be absent but never `undefined`.

/** The same fields; each may be absent, and none is `undefined`. */
export type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Uses a plain loop, because this runs twice for each heartbeat, and `Object.entries` would take a fifth of a heartbeat's time. */
export function definedOf<T extends object>(fields: T): Defined<T> {
  const found: Defined<T> = {};
  for (const name in fields) {
    const value = fields[name];
    if (value !== undefined) found[name] = value as Exclude<T[typeof name], undefined>;
  }
  return found;
}
