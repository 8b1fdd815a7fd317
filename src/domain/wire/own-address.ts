// The addresses by which a machine reaches itself.

export const loopback = "127.0.0.1";
/** As a list such as NO_PROXY names this machine. */
export const loopbackNames = [loopback, "localhost", "::1"] as const;

/** Whether a host, as a setting or a URL names it, is this machine alone: `localhost`, `127.0.0.1`, `::1`, `[::1]`. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/.test(host);
}

/** Where this machine itself reaches what listens on `host`: nothing can connect to an address that means "all". For a URL. */
export function ownAddress(host = loopback): string {
  if (host === "0.0.0.0") return loopback;
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}
