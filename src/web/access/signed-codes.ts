// Makes and checks codes that prove the HTTP token without showing it: a browser's session, and the codes that begin one. Each has an
// expiry, a nonce, and an HMAC-SHA256 of both with the token as key. No list is kept: a new token makes all old codes invalid. Links that answer a
// request have codes of the same form, by a key of their own (answer-links.ts).

import { createHmac, randomBytes } from "node:crypto";
import { isSameSecret } from "../../same-secret.ts";

export const sessionLastsS = 7 * 24 * 3600;
export const loginCodeLastsS = 10 * 60;

/**
 * `session`, or a login or pairing at one instance of `serve`. So such a code is no longer valid after a restart, even if it was not used.
 * `answer`: to one request of one run, by one recipient of notices.
 */
export type Purpose = "session" | `login ${string}` | `pair ${string}` | `answer ${string}`;

export interface Proof {
  readonly nonce: string;
  readonly expiresAt: Date;
}

export function buildProof(token: string, purpose: Purpose, lastsS: number, now: Date): string {
  const expiresS = Math.floor(now.getTime() / 1000) + lastsS;
  const claim = `${expiresS}.${randomBytes(16).toString("base64url")}`;
  return `${claim}.${sign(token, purpose, claim)}`;
}

/** Undefined if the proof is for another token or purpose, was altered, or has expired. */
export function checkProof(token: string, purpose: Purpose, proof: string, now: Date): Proof | undefined {
  const read = readProof(token, purpose, proof);
  return read !== undefined && read.expiresAt > now ? read : undefined;
}

/** As {@link checkProof}, but also returns a proof that has expired. */
export function readProof(token: string, purpose: Purpose, proof: string): Proof | undefined {
  const [, claim = "", expiresS = "", nonce = "", mac = ""] =
    /^((\d{1,12})\.([\w-]{22}))\.([\w-]{43})$/.exec(proof) ?? [];
  if (!isSameSecret(mac, sign(token, purpose, claim))) return undefined;
  return { nonce, expiresAt: new Date(Number(expiresS) * 1000) };
}

function sign(token: string, purpose: Purpose, claim: string): string {
  return createHmac("sha256", token).update(`cliai ${purpose}\n${claim}`).digest("base64url");
}
