// This room decides who gets in over HTTP. A change here wants extra scrutiny.
//
// Lets in whoever sends the HTTP token, or a named token that allows the request, and each browser that was signed in with a code that the token
// has signed: by a login code to everything, by a pairing code with a named token of its own. `openPaths` are open to everybody. src/data-dir/http-token.ts keeps the token.

import { type Context, Hono, type MiddlewareHandler } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { answerPath, type NamedToken } from "../../domain/access/token-scopes.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { isSameSecret } from "../../same-secret.ts";
import { openAssetPaths } from "../assets.ts";
import { requireScope, setCaller } from "./caller.ts";
import { createFailedTries } from "./failed-tries.ts";
import { isOwnOrigin, isReading } from "./guard.ts";
import { createPairing, type Pairing } from "./pairing.tsx";
import { buildProof, checkProof, loginCodeLastsS, type Purpose, sessionLastsS } from "./signed-codes.ts";
import { createCodes } from "./used-codes.ts";

export interface AccessOptions {
  /** Returns the present token; called at each request. Undefined lets nobody in. */
  readonly token: () => string | undefined;
  /** Calls `listener` when the token has changed. Returns the function that ends that. */
  readonly onRotated: (listener: () => void) => () => void;
  /** The named token that this text is; undefined if it is none. Called at each request with another token than the operator's. */
  readonly findNamed?: ((token: string) => NamedToken | undefined) | undefined;
  /** Makes named tokens for phones that send a pairing code; undefined if none can be paired here. */
  readonly pairing?: Pairing | undefined;
  /** The id of this run of `serve`. A login or pairing code is valid only for the run that it names. */
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

/** The paths that are open to everybody. They must tell nothing about the fleet; `/answer` tells of one request, to whoever has a good code for it. */
const openPaths = new Set([
  "/healthz",
  "/readyz",
  "/login",
  "/pair",
  "/offline",
  answerPath,
  ...openAssetPaths,
]);

export function isOpenPath(path: string): boolean {
  return openPaths.has(path);
}

/** The path and query that sign a browser in once, within ten minutes, at this instance of `serve`. */
export function loginPath(token: string, instance: string, now: Date): string {
  return `/login?code=${buildProof(token, loginTo(instance), loginCodeLastsS, now)}`;
}

const loginTo = (instance: string): Purpose => `login ${instance}`;

/** `check` refuses requests without token or session, except to the open paths. `login` answers `/login`, and `/pair` if there is a pairing. */
export function createAccess(options: AccessOptions): { check: MiddlewareHandler; login: Hono } {
  const { token, instance, now, secure } = options;
  const cookieName = `${secure ? "__Host-" : ""}cliai-${options.port}`;
  const failedTries = createFailedTries(options.monotonicMs ?? (() => performance.now()));
  const codes = createCodes(token, now);

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

  /**
   * The named token that a request has: a program's in the header, or that of a paired browser in its cookie. Neither counts in the other's place,
   * nor while there is no token of the operator's.
   */
  const namedBy = (c: Context): NamedToken | undefined => {
    if (token() === undefined) return undefined;
    const header = c.req.header("authorization");
    const isBrowser = header === undefined;
    const text = isBrowser ? getCookie(c, cookieName) : /^Bearer +(\S+)$/i.exec(header)?.[1];
    const named = text === undefined ? undefined : options.findNamed?.(text);
    if (named === undefined || (named.browser === true) !== isBrowser) return undefined;
    return !isBrowser || isFromOwnPage(c) ? named : undefined;
  };

  const signIn = (c: Context, value: string, lastsS: number) =>
    setCookie(c, cookieName, value, {
      httpOnly: true,
      sameSite: "Strict",
      path: "/",
      maxAge: lastsS,
      secure,
    });

  const login = new Hono();
  login.get("/login", (c) => {
    if (isPreview(c)) {
      throw new CliaiError("not_signed_in", "a preview of this address signs nobody in", {
        hint: "open the address itself: it can still be used",
      });
    }
    // A HEAD request, such as a link checker sends, must not use up the code.
    const signedIn =
      c.req.method === "GET" ? codes.take(loginTo(instance), c.req.query("code") ?? "") : undefined;
    if (signedIn === undefined) {
      countFailure(c);
      throw new CliaiError("not_signed_in", "this address has been used, or is too old", {
        hint: "get a new one: cliai token url",
      });
    }
    signIn(c, buildProof(signedIn, "session", sessionLastsS, now()), sessionLastsS);
    return c.redirect("/", 303);
  });
  const { pairing } = options;
  if (pairing !== undefined)
    login.route("/", createPairing({ pairing, codes, instance, now, countFailure, signIn }));
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
