// The name of a model server in the queue, which is the same for every agent that uses the server.
import { isLoopback, ownAddress } from "../wire/own-address.ts";

/**
 * `HOST:PORT`, with the path if there is one. Loopback becomes the machine's name, because two machines may have a server of their own there.
 * @param machine the name of this machine
 */
export function modelServerName(url: string, machine: string): string {
  const { protocol, hostname, port, pathname } = new URL(url);
  const host = isLoopback(ownAddress(hostname.replace(/^\[|\]$/g, ""))) ? machine.toLowerCase() : hostname;
  const path = pathname.replace(/\/+$/, "").replace(/\/v1$/, "");
  return `${host}:${port || (protocol === "https:" ? 443 : 80)}${path}`;
}
