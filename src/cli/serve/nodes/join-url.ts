// The address at which machines join: by a name in the certificate, because only such a name is accepted over TLS.
import { hostname } from "node:os";
import { isLoopback, loopback, ownAddress } from "../../../domain/wire/own-address.ts";
import { namesOf } from "../web-exposure.ts";

export interface JoinAddress {
  readonly url: string;
  /** Whether this machine alone reaches it. */
  readonly isLocal: boolean;
}

/** Another machine would look for `localhost` at itself. */
function isForOthers(name: string): boolean {
  return !name.startsWith("*") && !isLoopback(name);
}

/**
 * @param host where nats-server listens
 * @param trust the certificates that its clients trust, its own first; empty without TLS
 * @param machine the name of this machine
 */
export function joinAddressOf(
  { natsUrl, host, trust }: { readonly natsUrl: string; readonly host: string; readonly trust: string },
  machine = hostname(),
): JoinAddress {
  const { port } = new URL(natsUrl);
  const scheme = trust === "" ? "nats" : "tls";
  if (isLoopback(host)) return { url: `${scheme}://${loopback}:${port}`, isLocal: true };
  const isForAll = ownAddress(host) !== host && !host.includes(":");
  const named = trust === "" ? undefined : namesOf(trust).find(isForOthers);
  return { url: `${scheme}://${named ?? (isForAll ? machine : ownAddress(host))}:${port}`, isLocal: false };
}
