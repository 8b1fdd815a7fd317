// Keeps other web sites out: it checks the header Host against DNS rebinding, and the header Origin against forged requests.
// `pageHeaders` keep our own pages from running or loading anything that is not ours.

import { randomBytes } from "node:crypto";
import { isIP } from "node:net";
import type { Context, MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import { secureHeaders } from "hono/secure-headers";
import { answerPath } from "../../domain/access/token-scopes.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { isLoopback } from "../../domain/wire/own-address.ts";

const readingMethods = new Set(["GET", "HEAD", "OPTIONS"]);

/** Whether the name in a `Host` header (lower-case, without the port) can be this server's. */
export type HostRule = (hostname: string) => boolean;

/** For a server that others can reach: accepts its names, and any IP address, because DNS rebinding needs a name. */
export function hostsNamed(names: readonly string[]): HostRule {
  const known = new Set(names.map((name) => name.toLowerCase()));
  return (hostname) =>
    isLoopback(hostname) || known.has(hostname) || isIP(hostname.replace(/^\[|\]$/g, "")) !== 0;
}

/** @throws CliaiError `refused` if the Host is not this server's, or another site's page asks for a change */
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
      throw new CliaiError("refused", `a page of ${origin} must not change anything here`, {
        hint: "use the dashboard's own page, or the API without an Origin header",
      });
    }
    await next();
  };
}

export function isReading(method: string): boolean {
  return readingMethods.has(method);
}

/** Whether a page of this server sends the request; false also if the request has no Origin. */
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
    manifestSrc: ["'self'"],
    imgSrc: ["'self'", "data:"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
    baseUri: ["'none'"],
  },
  // Sends no referrer to other sites. Not `no-referrer`: with that, browsers send our own forms with the Origin "null".
  referrerPolicy: "same-origin",
  xFrameOptions: "DENY",
  // Off, because over plain HTTP it has no effect, and over TLS it would bind all other servers on this host name.
  strictTransportSecurity: false,
});

const nonceKey = "styleNonce";

/**
 * Lets the page that is being made add style elements by script, which have the returned nonce. No other page, and no other answer with the
 * same page, has it.
 */
export function allowStyles(c: Context): string {
  const nonce = randomBytes(18).toString("base64");
  c.set(nonceKey, nonce);
  return nonce;
}

/** Writes the nonce of {@link allowStyles} into the policy that `pageHeaders` made, so it stands before that. */
export const ownStyles = createMiddleware(async (c, next) => {
  await next();
  const nonce: unknown = c.get(nonceKey);
  const policy = c.res.headers.get("Content-Security-Policy");
  if (typeof nonce !== "string" || policy === null) return;
  c.res.headers.set(
    "Content-Security-Policy",
    policy.replace("style-src 'self'", `style-src 'self' 'nonce-${nonce}'`),
  );
});

const codePaths: readonly string[] = ["/login", "/pair", answerPath];

/**
 * Keeps the codes in addresses out of the header Referer, also of requests to this server, where a proxy may log it. Not `no-referrer`, as above.
 * It writes over the policy that `pageHeaders` made, so it stands before that.
 */
export const codesUnsaid = createMiddleware(async (c, next) => {
  await next();
  if (codePaths.includes(c.req.path)) c.res.headers.set("Referrer-Policy", "strict-origin");
});

/** Forbids caching, because the pages show the present state. Assets set their own header. */
export const neverCached = createMiddleware(async (c, next) => {
  await next();
  if (!c.res.headers.has("Cache-Control")) c.res.headers.set("Cache-Control", "no-store");
});
