// The digests, hashes and signatures of the audit, and the server's signing key. It uses Ed25519 and SHA-256 from the runtime's
// own `node:crypto`.
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { chmod, link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Checkpoint, signedText } from "../domain/audit/audit.ts";
import { CliaiError, messageOf } from "../domain/text/errors.ts";

export interface SigningKey {
  /** The 32 bytes of the key, as base64url. */
  readonly publicKey: string;
  /** Returns the signature as base64url. */
  sign(text: string): string;
}

const fileName = "audit.pem";

/** The digest of one record: SHA-256 of its subject, a zero byte and its payload, as base64url. It does not cover the headers. */
export function digestRecord(subject: string, data: Uint8Array): string {
  return createHash("sha256").update(`${subject}\0`).update(data).digest("base64url");
}

/** Adds the key, the hash and the signature of the hash to a checkpoint. */
export function signCheckpoint(
  facts: Omit<Checkpoint, "public_key" | "hash" | "signature">,
  key: SigningKey,
): Checkpoint {
  const unsigned = { ...facts, public_key: key.publicKey };
  const hash = hashText(signedText(unsigned));
  return { ...unsigned, hash, signature: key.sign(hash) };
}

/** Whether the checkpoint's hash and signature fit it. This does not say whether its key is trusted. */
export function isIntact(checkpoint: Checkpoint): boolean {
  const { hash, signature, public_key } = checkpoint;
  return hashText(signedText(checkpoint)) === hash && isSignedBy(public_key, hash, signature);
}

export function isSignedBy(publicKey: string, text: string, signature: string): boolean {
  try {
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: publicKey }, format: "jwk" });
    return verify(null, Buffer.from(text), key, Buffer.from(signature, "base64url"));
  } catch {
    // `publicKey` is not a valid key, so it signed nothing.
    return false;
  }
}

/** Makes a key that is not stored, for tests. */
export function createSigningKey(): SigningKey {
  return signingKey(generateKeyPairSync("ed25519").privateKey);
}

/**
 * Reads the key in `<keysDir>/audit.pem`, or makes it: mode 0600, in a folder with mode 0700.
 * @throws CliaiError `data_dir_unwritable`; `config_invalid` if the file is not an Ed25519 key
 */
export async function openSigningKey(keysDir: string): Promise<SigningKey> {
  const path = join(keysDir, fileName);
  const pem = (await readKeyFile(path)) ?? (await writeNewKey(keysDir, path));
  return signingKey(parseKey(pem, path));
}

/** The public key that belongs to the key in the directory; undefined if there is none. */
export async function readPublicKey(keysDir: string): Promise<string | undefined> {
  const path = join(keysDir, fileName);
  const pem = await readKeyFile(path);
  return pem === undefined ? undefined : signingKey(parseKey(pem, path)).publicKey;
}

function signingKey(key: KeyObject): SigningKey {
  const { x = "" } = createPublicKey(key).export({ format: "jwk" });
  return {
    publicKey: x,
    sign: (text) => sign(null, Buffer.from(text), key).toString("base64url"),
  };
}

function hashText(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}

async function readKeyFile(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new CliaiError("config_invalid", `cannot read the key ${path}: ${messageOf(cause)}`, {
      hint: "make it readable for your user",
      cause,
    });
  }
}

/** Writes the key whole or not at all. If two processes do so at once, the first key stays and both use it. */
async function writeNewKey(keysDir: string, path: string): Promise<string> {
  const { privateKey } = generateKeyPairSync("ed25519");
  const pem = privateKey.export({ format: "pem", type: "pkcs8" }).toString();
  const temporary = join(keysDir, `.${crypto.randomUUID()}`);
  try {
    await mkdir(keysDir, { recursive: true, mode: 0o700 });
    await chmod(keysDir, 0o700);
    await writeFile(temporary, pem, { mode: 0o600, flag: "wx" });
    await link(temporary, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new CliaiError("data_dir_unwritable", `cannot write the key ${path}: ${messageOf(cause)}`, {
      hint: "make it writable for your user, or choose another place: --data-dir DIR",
      cause,
    });
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined); // the first error is the one to report
  }
}

function parseKey(pem: string, path: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType !== "ed25519") throw new Error(`it is of the type ${key.asymmetricKeyType}`);
    return key;
  } catch (cause) {
    throw new CliaiError("config_invalid", `${path} is not an Ed25519 key: ${messageOf(cause)}`, {
      hint: "restore it from a backup; if there is none, remove it: a new key is made, and verify reports a foreign key",
      cause,
    });
  }
}
