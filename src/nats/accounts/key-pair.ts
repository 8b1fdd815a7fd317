// The Ed25519 keys of NATS (nkeys), with signatures by the runtime's own `crypto`: 0.1 ms each. TweetNaCl, by which the packages `nats` and
// `@nats-io/jwt` sign, is written in JavaScript and takes 10 to 60 ms for each signature of a process that has just started (Bun 1.4.5).
import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import type { KeyPair } from "@nats-io/jwt";

/** The first byte of what a text holds decides the text's first letter: `S` seed, `P` private, `O` operator, `A` account, `U` user. */
const seedByte = 0x90;
const privateByte = 0x78;
const publicBytes: readonly number[] = [0x70, 0x00, 0xa0];
/** What stands before the 32 bytes of the key in PKCS #8 (RFC 8410). */
const pkcs8Head = Buffer.from("302e020100300506032b657004220420", "hex");
const keyLength = 32;
const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/**
 * The key pair of a seed, which is a secret: the text of an operator's, an account's or a user's.
 * @throws Error if it is no such seed. The message does not have the seed
 */
export function readKeyPair(seed: Uint8Array): KeyPair {
  const { kind, secret } = readSeedText(new TextDecoder().decode(seed));
  const privateKey = createPrivateKey({
    ...{ key: Buffer.concat([pkcs8Head, secret]), format: "der", type: "pkcs8" },
  });
  const publicKey = createPublicKey(privateKey);
  const open = publicKey.export({ format: "der", type: "spki" }).subarray(-keyLength);
  const publicText = encodeKey([kind], open);
  const own = seed.slice();
  return {
    getPublicKey: () => publicText,
    getPrivateKey: () => new TextEncoder().encode(encodeKey([privateByte], Buffer.concat([secret, open]))),
    getSeed: () => own,
    sign: (input) => new Uint8Array(sign(null, input, privateKey)),
    verify: (input, signature) => verify(null, input, publicKey, signature),
    clear() {
      own.fill(0);
      secret.fill(0);
    },
    seal: () => notACurve(),
    open: () => notACurve(),
  };
}

function notACurve(): never {
  throw new Error("a key that signs does not encrypt");
}

function readSeedText(text: string): { kind: number; secret: Uint8Array } {
  const raw = decodeBase32(text);
  const body = raw.subarray(0, -2);
  const [first = 0, second = 0] = body;
  // The byte of a seed has its upper five bits here; the other three, and the next five, are the byte of its public key.
  const kind = ((first & 0x07) << 5) | (second >> 3);
  const isSeed = body.length === keyLength + 2 && (first & 0xf8) === seedByte && publicBytes.includes(kind);
  if (!isSeed || raw.at(-2) !== (checksum(body) & 0xff) || raw.at(-1) !== checksum(body) >> 8)
    throw new Error("not the seed of an operator, an account or a user");
  return { kind, secret: body.slice(2) };
}

function encodeKey(head: readonly number[], key: Uint8Array): string {
  const body = Buffer.concat([Uint8Array.from(head), key]);
  const sum = checksum(body);
  return encodeBase32(Buffer.concat([body, Uint8Array.of(sum & 0xff, sum >> 8)]));
}

/** CRC-16/XMODEM. */
function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (const byte of bytes) {
    sum ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) sum = (sum & 0x8000) === 0 ? sum << 1 : (sum << 1) ^ 0x1021;
    sum &= 0xffff;
  }
  return sum;
}

/** RFC 4648, without padding. */
function encodeBase32(bytes: Uint8Array): string {
  let text = "";
  let held = 0;
  let bits = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += letters[(held >> (bits - 5)) & 31];
    held &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + letters[(held << (5 - bits)) & 31];
}

/** Empty if the text is not base32. */
function decodeBase32(text: string): Uint8Array {
  const bytes: number[] = [];
  let held = 0;
  let bits = 0;
  for (const letter of text) {
    const value = letters.indexOf(letter);
    if (value < 0) return new Uint8Array();
    held = (held << 5) | value;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push(held >> bits);
    held &= (1 << bits) - 1;
  }
  return Uint8Array.from(bytes);
}
