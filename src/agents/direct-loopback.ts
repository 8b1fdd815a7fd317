// Builds the value of NO_PROXY for an agent: the user's entries, and loopback, because the agent's CLI and its bridge reach the
// host there without a proxy. Pure.
import { loopback, loopbackNames } from "../domain/wire/own-address.ts";

/** @param lists values of NO_PROXY; all entries are kept. If one is `*`, the result is `*`, because it works only when it stands alone. */
export function noProxyWithLoopback(lists: readonly (string | undefined)[]): string {
  const entries = lists.flatMap((list) => (list ?? "").split(/[\s,]+/)).filter(Boolean);
  if (entries.includes("*")) return "*";
  return [...new Set([...entries, ...loopbackNames])].join(",");
}

/** Whether the list excludes 127.0.0.1 from the proxy, which is the address of the hooks. */
export function sparesLoopback(list: string): boolean {
  const entries = list.split(/[\s,]+/);
  return entries.includes("*") || entries.includes(loopback);
}
