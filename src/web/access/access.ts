// This room decides who gets in over HTTP. A change here wants extra scrutiny.
//
// Lets in whoever sends the HTTP token, or a named token that allows the request, and each browser that was signed in with a code that the token has signed. `openPaths`
// are open to everybody. src/data-dir/http-token.ts keeps the token.

import { type Context, Hono, type MiddlewareHandler } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import type { NamedToken } from "../../domain/access/token-scopes.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { isSameSecret } from "../../same-secret.ts";
import { openAssetPaths } from "../assets.ts";
import { requireScope, setCaller } from "./caller.ts";
import { createFailedTries } from "./failed-tries.ts";
import { isOwnOrigin, isReading } from "./guard.ts";
import { buildProof, checkProof, loginCodeLastsS, type Purpose, sessionLastsS } from "./signed-codes.ts";

export interface AccessOptions {
  /** Returns the present token; called at each request. Undefined lets nobody in. */
  readonly token: () => string | undefined;
  /** Calls `listener` when the token has changed. Returns the function that ends that. */
  readonly onRotated: (listener: () => void) => () => void;
  /** The named token that this text is; undefined if it is none. Called at each request with another token than the operator's. */
  readonly findNamed?: ((token: string) => NamedToken | undefined) | undefined;
  /** The id of this run of `serve`. A login code is valid only for the run that it names. */
  readonly instance: string;
  /** Part of the cookie's name, because browsers send the cookies of a host to all its ports. */
  readonly port: number;
  /** Whether the page speaks TLS. */
  readonly secure: boolean;
  readonly now: () => Date;
  /** The clock of wrong tokens, in ms; default: `performance.now`. */
  readonly monotonicMs?: (() => number) | undefined;
}

/** What the socket knows about a request. */
export interface ConnectionInfo {
  readonly remoteAddress?: string | undefined;
}

/** The paths that are open to everybody. They must tell nothing about the fleet. */
const openPaths = new Set(["/healthz", "/readyz", "/login", "/offline", ...openAssetPaths]);

export function isOpenPath(path: string): boolean {
  return openPaths.has(path);
}

/** The path and query that sign a browser in once, within ten minutes, at this instance of `serve`. */
export function loginPath(token: string, instance: string, now: Date): string {
  return `/login?code=${buildProof(token, loginTo(instance), loginCodeLastsS, now)}`;
}

const loginTo = (instance: string): Purpose => `login ${instance}`;

/** `check` refuses requests without token or session, except to the open paths. `login` answers `GET /login`. */
export function createAccess(options: AccessOptions): { check: MiddlewareHandler; login: Hono } {
  const { token, instance, now, secure } = options;
  const cookieName = `${secure ? "__Host-" : ""}cliai-${options.port}`;
  const failedTries = createFailedTries(options.monotonicMs ?? (() => performance.now()));
  const usedCodes = new Map<string, Date>();

  const countFailure = (c: Context) => {
    const { remoteAddress } = (c.env ?? {}) as ConnectionInfo;
    const waitS = failedTries.count(remoteAddress ?? "unknown");
    if (waitS === undefined) return;
    c.header("Retry-After", String(waitS));
    throw new CliaiError("too_many_tries", "too many wrong tokens or codes", {
      hint: `wait ${waitS} s; the right token is accepted at any time, and this prints it: cliai token`,
    });
  };

  const check: MiddlewareHandler = async (c, next) => {
    if (isOpenPath(c.req.path) || mayPass(c)) return await next();
    const named = namedBy(c);
    if (named !== undefined) {
      requireScope(c.req, named);
      setCaller(c, { named, isGood: () => namedBy(c) !== undefined });
      return await next();
    }
    const isWrong = c.req.header("authorization") !== undefined;
    if (isWrong) countFailure(c);
    c.header("WWW-Authenticate", "Bearer");
    throw new CliaiError(
      "not_signed_in",
      isWrong ? "the token is not the right one" : "you are not signed in",
      {
        hint: "in a browser, open the address that `cliai token url` prints; in a program, send the header Authorization: Bearer with the token that `cliai token` prints",
      },
    );
  };

  const mayPass = (c: Context): boolean => {
    const current = token();
    if (current === undefined) return false;
    const bearer = c.req.header("authorization");
    if (bearer !== undefined)
      return isSameSecret(bearer.replace(/^Bearer +/i, "Bearer "), `Bearer ${current}`);
    const session = getCookie(c, cookieName);
    if (session === undefined || checkProof(current, "session", session, now()) === undefined) return false;
    return isFromOwnPage(c);
  };

  /** Named tokens count in the header only, and while there is a token of the operator's. */
  const namedBy = (c: Context): NamedToken | undefined => {
    const [, text] = /^Bearer +(\S+)$/i.exec(c.req.header("authorization") ?? "") ?? [];
    return text === undefined || token() === undefined ? undefined : options.findNamed?.(text);
  };

  const takeCode = (code: string): string | undefined => {
    const current = token();
    const proof = current && checkProof(current, loginTo(instance), code, now());
    for (const [nonce, expiresAt] of usedCodes) if (expiresAt <= now()) usedCodes.delete(nonce);
    if (!proof || usedCodes.has(proof.nonce)) return undefined;
    usedCodes.set(proof.nonce, proof.expiresAt);
    return current;
  };

  const login = new Hono();
  login.get("/login", (c) => {
    if (isPreview(c)) {
      throw new CliaiError("not_signed_in", "a preview of this address signs nobody in", {
        hint: "open the address itself: it can still be used",
      });
    }
    // A HEAD request, such as a link checker sends, must not use up the code.
    const signedIn = c.req.method === "GET" ? takeCode(c.req.query("code") ?? "") : undefined;
    if (signedIn === undefined) {
      countFailure(c);
      throw new CliaiError("not_signed_in", "this address has been used, or is too old", {
        hint: "get a new one: cliai token url",
      });
    }
    setCookie(c, cookieName, buildProof(signedIn, "session", sessionLastsS, now()), {
      httpOnly: true,
      sameSite: "Strict",
      path: "/",
      maxAge: sessionLastsS,
      secure,
    });
    return c.redirect("/", 303);
  });
  return { check, login };
}

/** Whether a browser or mail program fetches the address before a person opens it. */
function isPreview(c: Context): boolean {
  const names = ["sec-purpose", "purpose", "x-purpose", "x-moz"];
  return names.some((name) => /prefetch|prerender|preview/i.test(c.req.header(name) ?? ""));
}

/**
 * A cookie alone does not say which page sends a request: for a browser, another port of this host is the same site. So a request
 * that changes something must have our own origin; any other must come from our own page, or from a person who opens the address.
 */
function isFromOwnPage(c: Context): boolean {
  const isRead = isReading(c.req.method);
  if (!isRead || c.req.header("origin") !== undefined) return isOwnOrigin(c);
  const site = c.req.header("sec-fetch-site");
  if (site === undefined || site === "same-origin" || site === "none") return true;
  return c.req.header("sec-fetch-mode") === "navigate" && c.req.header("sec-fetch-dest") === "document";
}
