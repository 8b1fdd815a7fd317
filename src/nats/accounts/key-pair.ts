// The Ed25519 keys of NATS (nkeys), with signatures by the runtime's own `crypto`: 0.1 ms each. TweetNaCl, by which the packages `nats` and
// `@nats-io/jwt` sign, is written in JavaScript and takes 10 to 60 ms for each signature of a process that has just started (Bun 1.4.5).
// The text of a key is read and written by `nkeys.js`, which `nats` itself uses.
import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import type { KeyPair } from "@nats-io/jwt";
import { Codec } from "nkeys.js/lib/codec.js";
import { Prefix } from "nkeys.js/lib/nkeys.js";

/** Whose keys we sign with. */
const owners: readonly Prefix[] = [Prefix.Operator, Prefix.Account, Prefix.User];
/** What stands before the 32 bytes of the key in PKCS #8 (RFC 8410). */
const pkcs8Head = Buffer.from("302e020100300506032b657004220420", "hex");
const keyLength = 32;

/**
 * The key pair of a seed, which is a secret: the text of an operator's, an account's or a user's.
 * @throws Error if it is no such seed. The message does not have the seed
 */
export function readKeyPair(seed: Uint8Array): KeyPair {
  const { prefix, buf: secret } = readSeedText(seed);
  const privateKey = createPrivateKey({
    ...{ key: Buffer.concat([pkcs8Head, secret]), format: "der", type: "pkcs8" },
  });
  const publicKey = createPublicKey(privateKey);
  const open = publicKey.export({ format: "der", type: "spki" }).subarray(-keyLength);
  const publicText = new TextDecoder().decode(Codec.encode(prefix, open));
  const own = seed.slice();
  return {
    getPublicKey: () => publicText,
    getPrivateKey: () => Codec.encode(Prefix.Private, Buffer.concat([secret, open])),
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

function readSeedText(seed: Uint8Array): ReturnType<typeof Codec.decodeSeed> {
  try {
    const parts = Codec.decodeSeed(seed);
    if (parts.buf.length === keyLength && owners.includes(parts.prefix)) return parts;
  } catch {
    // The package's own error may have what it could not read.
  }
  throw new Error("not the seed of an operator, an account or a user");
}
