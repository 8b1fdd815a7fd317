// The fields of an object that have a value: for objects whose optional fields may be absent, never `undefined`.

/** The same fields, of which each may be absent and none is `undefined`. */
export type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** In one loop: a heartbeat takes two of these, and to go by `Object.entries` would take a fifth of its time. */
export function definedOf<T extends object>(fields: T): Defined<T> {
  const found: Defined<T> = {};
  for (const name in fields) {
    const value = fields[name];
    if (value !== undefined) found[name] = value as Exclude<T[typeof name], undefined>;
  }
  return found;
}
