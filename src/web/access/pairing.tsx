/** @jsxImportSource hono/jsx */
// Signs a phone in by a pairing code, which `cliai serve --phone` shows as a QR code: the code is exchanged, once, for a named token that is
// made for this browser alone. A GET only shows the button, so that a preview of the address uses nothing up.
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { NamedToken } from "../../domain/access/token-scopes.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { readForm } from "../api/read-form.ts";
import { PairPage } from "../pages/device/pair-page.tsx";
import { buildProof, loginCodeLastsS, type Purpose } from "./signed-codes.ts";
import type { Codes } from "./used-codes.ts";

export interface Pairing {
  /** Makes the named token of one more browser. It has an end. */
  makeToken(): Promise<NamedToken & { readonly token: string }>;
}

export interface PairingOptions {
  readonly pairing: Pairing;
  readonly codes: Codes;
  readonly instance: string;
  readonly now: () => Date;
  /** Counts a wrong code. @throws CliaiError `too_many_tries` */
  readonly countFailure: (c: Context) => void;
  /** Sets the cookie that signs the browser in. */
  readonly signIn: (c: Context, value: string, lastsS: number) => void;
}

/** The path and query that pair one phone, within ten minutes, at this instance of `serve`. */
export function pairPath(token: string, instance: string, now: Date): string {
  return `/pair?code=${buildProof(token, pairAt(instance), loginCodeLastsS, now)}`;
}

const pairAt = (instance: string): Purpose => `pair ${instance}`;
const mostFormBytes = 4_096;

function tooLarge(): never {
  throw new CliaiError("payload_too_large", `the form is over the limit of ${mostFormBytes} bytes`, {
    hint: "send the code alone",
  });
}

export function createPairing({ pairing, codes, instance, now, countFailure, signIn }: PairingOptions): Hono {
  const purpose = pairAt(instance);
  const refuse = (c: Context): never => {
    countFailure(c);
    throw new CliaiError("refused", "this pairing code has been used, or is too old", {
      hint: "get a new one, on the machine of the server: cliai token pair",
    });
  };
  const pages = new Hono();
  pages.get("/pair", (c) => {
    const code = c.req.query("code") ?? "";
    return codes.isGood(purpose, code) ? c.html(<PairPage code={code} />) : refuse(c);
  });
  pages.post("/pair", bodyLimit({ maxSize: mostFormBytes, onError: tooLarge }), async (c) => {
    const { code } = await readForm(c);
    if (typeof code !== "string" || codes.take(purpose, code) === undefined) return refuse(c);
    const { token, expires_at = "" } = await pairing.makeToken();
    signIn(c, token, Math.max(0, Math.floor((Date.parse(expires_at) - now().getTime()) / 1000)));
    return c.redirect("/phone", 303);
  });
  return pages;
}
