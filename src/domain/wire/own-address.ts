// The addresses by which a machine reaches itself.

export const loopback = "127.0.0.1";
/** The names of this machine in a list such as NO_PROXY. */
export const loopbackNames = [loopback, "localhost", "::1"] as const;

/** Whether a host in a setting or a URL is loopback: `localhost`, `127.*`, `::1`, `[::1]`. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/.test(host);
}

/** The address, for a URL, by which this machine reaches a socket that listens on `host`. One cannot connect to an address that means "all". */
export function ownAddress(host = loopback): string {
  if (host === "0.0.0.0") return loopback;
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}
