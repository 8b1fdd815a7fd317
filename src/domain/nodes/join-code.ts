// This room knows the machines that join a fleet: the code by which one joins, its name, and the messages between it and serve. Pure.
//
// The code that `cliai join-code` prints: which code it is, its secret, and the pin of the server that has made it.

/** What the code begins with, so that a person and a scanner for secrets recognise it. */
export const joinCodePrefix = "cliai_join_";
export const joinCodeBytes = { id: 4, secret: 16, pin: 16 } as const;

export interface JoinCode {
  /** Names the code, and is not secret: 8 hexadecimal digits. */
  readonly id: string;
  /** In base64url, as the pin. */
  readonly secret: string;
  /** The server's pin (`hubPin` in src/credentials): what it is compared with before the secret is sent. */
  readonly pin: string;
}

export interface JoinCodeBytes {
  readonly id: Uint8Array;
  readonly secret: Uint8Array;
  readonly pin: Uint8Array;
}

export function buildJoinCode({ id, secret, pin }: JoinCodeBytes): string {
  return joinCodePrefix + base64url(new Uint8Array([...id, ...secret, ...pin]));
}

/** Undefined for a text that is no such code, such as one of which a part is missing. */
export function parseJoinCode(text: string): JoinCode | undefined {
  const body = text.trim();
  if (!/^cliai_join_[\w-]{48}$/.test(body)) return undefined;
  const bytes = Uint8Array.fromBase64(body.slice(joinCodePrefix.length), { alphabet: "base64url" });
  const { id, secret } = joinCodeBytes;
  return {
    id: bytes.subarray(0, id).toHex(),
    secret: base64url(bytes.subarray(id, id + secret)),
    pin: base64url(bytes.subarray(id + secret)),
  };
}

export function base64url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}
