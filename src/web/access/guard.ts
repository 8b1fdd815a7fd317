// Keeps other web sites out of a server that trusts its own machine: DNS rebinding by the Host, forged requests by the
// Origin. And the headers that keep the page itself from running or loading what is not ours.

import { isIP } from "node:net";
import type { Context, MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import { secureHeaders } from "hono/secure-headers";
import { CliaiError } from "../../domain/text/errors.ts";
import { isLoopback } from "../../domain/wire/own-address.ts";

const readingMethods = new Set(["GET", "HEAD", "OPTIONS"]);

/** Whether a `Host` header's name, lower-case and without the port, may be ours. */
export type HostRule = (hostname: string) => boolean;

/** For a server that others reach: by its names, or by any address, since DNS rebinding needs a name of the attacker's. */
export function hostsNamed(names: readonly string[]): HostRule {
  const known = new Set(names.map((name) => name.toLowerCase()));
  return (hostname) =>
    isLoopback(hostname) || known.has(hostname) || isIP(hostname.replace(/^\[|\]$/g, "")) !== 0;
}

/** @throws CliaiError `refused` for a Host that is not this machine, or a change asked for by another site's page */
export function createGuard(isOwnHost: HostRule): MiddlewareHandler {
  return async (c, next) => {
    const host = hostOf(c);
    if (!isOwnHost(URL.parse(`http://${host}`)?.hostname ?? "")) {
      throw new CliaiError("refused", `the host "${host}" is not this machine`, {
        hint: "open the dashboard by the address that cliai serve prints",
      });
    }
    const origin = c.req.header("origin");
    if (origin !== undefined && !isReading(c.req.method) && !isOwnOrigin(c)) {
      throw new CliaiError("refused", `a page of ${origin} may not change anything here`, {
        hint: "use the dashboard's own page, or the API without an Origin header",
      });
    }
    await next();
  };
}

export function isReading(method: string): boolean {
  return readingMethods.has(method);
}

/** Whether a page of this very server asks; false, too, when the request does not say. */
export function isOwnOrigin(c: Context): boolean {
  const own = URL.parse(`${new URL(c.req.url).protocol}//${hostOf(c)}`);
  return own !== null && URL.parse(c.req.header("origin") ?? "")?.origin === own.origin;
}

function hostOf(c: Context): string {
  return c.req.header("host") ?? new URL(c.req.url).host;
}

export const pageHeaders = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    connectSrc: ["'self'"],
    imgSrc: ["'self'", "data:"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
    baseUri: ["'none'"],
  },
  // Nothing to other sites; `no-referrer` would make browsers send our own forms with the Origin "null".
  referrerPolicy: "same-origin",
  xFrameOptions: "DENY",
  // It means nothing over plain HTTP, and would bind every other server of this host name over TLS.
  strictTransportSecurity: false,
});

/** The state of a moment is of no use later. Assets say otherwise of themselves. */
export const neverCached = createMiddleware(async (c, next) => {
  await next();
  if (!c.res.headers.has("Cache-Control")) c.res.headers.set("Cache-Control", "no-store");
});
