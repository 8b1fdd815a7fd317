// Finds the row of the table that a key means. Pure.

/** After the first key of two, the second one counts for this long. */
export const pairMs = 1_500;

/** @typedef {{ readonly key: string, readonly atMs: number }} Pressed the first key of two */

/**
 * @template {{ keys: readonly string[] }} Row
 * @param {readonly Row[]} table
 * @param {string} key as the browser names it
 * @param {number} atMs when it was pressed
 * @param {Pressed | undefined} before the first key of two, if one was pressed last
 * @returns {{ row?: Row, first?: Pressed }} the row; or the key itself, if it is the first of two
 */
export function readKey(table, key, atMs, before) {
  const find = (/** @type {string} */ keys) => table.find((row) => row.keys.includes(keys));
  if (before !== undefined && atMs - before.atMs <= pairMs) {
    // The second key of a pair never acts alone: after `g`, a slip must not stop an agent.
    const row = find(`${before.key} ${key}`);
    return row === undefined ? {} : { row };
  }
  const isFirst = table.some(({ keys }) => keys.some((each) => each.startsWith(`${key} `)));
  if (isFirst) return { first: { key, atMs } };
  const row = find(key);
  return row === undefined ? {} : { row };
}
