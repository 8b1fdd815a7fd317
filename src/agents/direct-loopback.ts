// The value of NO_PROXY for an agent: what its user keeps from the proxy, and this machine's loopback, on which its CLI and its
// MCP server reach the host of its session. Pure.

const loopback = ["127.0.0.1", "localhost", "::1"];

/** @param lists values of NO_PROXY, of which none may be lost; `*` keeps everything from the proxy, and only where it stands alone */
export function noProxyWithLoopback(lists: readonly (string | undefined)[]): string {
  const entries = lists.flatMap((list) => (list ?? "").split(/[\s,]+/)).filter(Boolean);
  if (entries.includes("*")) return "*";
  return [...new Set([...entries, ...loopback])].join(",");
}

/** Whether the list keeps this machine's loopback from the proxy, as the hooks' address names it. */
export function sparesLoopback(list: string): boolean {
  const entries = list.split(/[\s,]+/);
  return entries.includes("*") || entries.includes("127.0.0.1");
}
