// Builds the value of NO_PROXY for an agent. It has the user's entries; loopback, because the agent's CLI and bridge reach cliai's host
// there; and the name of the agent's model server, which cliai itself asks without a proxy, too. Pure.
import type { ModelServerProfile } from "../domain/model-server.ts";
import { loopback, loopbackNames } from "../domain/wire/own-address.ts";

/** @param lists values of NO_PROXY; all entries are kept. If one is `*`, the result is `*`, because it works only when it stands alone. */
export function noProxyWithLoopback(
  lists: readonly (string | undefined)[],
  modelServer?: Pick<ModelServerProfile, "url">,
): string {
  const entries = lists.flatMap((list) => (list ?? "").split(/[\s,]+/)).filter(Boolean);
  if (entries.includes("*")) return "*";
  const host = modelServer && URL.parse(modelServer.url)?.hostname;
  return [...new Set([...entries, ...loopbackNames, ...(host ? [host] : [])])].join(",");
}

/** Whether the list excludes 127.0.0.1 from the proxy, which is the address of the hooks. */
export function sparesLoopback(list: string): boolean {
  const entries = list.split(/[\s,]+/);
  return entries.includes("*") || entries.includes(loopback);
}
