// Makes the certificate with which serve speaks TLS to phones if no other is given, and keeps it in `keys/`. It is signed by its own key, so no phone
// trusts it by itself. Made here, and not by a package: the packages for it bring twenty others along.
import { createPublicKey, generateKeyPair, randomBytes, sign, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { isIPv4 } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { keysDirOf } from "../data-dir/data-dir.ts";
import { ensureOwnDir, writePrivateFile } from "../data-dir/private-files.ts";
import {
  derBits,
  derField,
  derInteger,
  derOctets,
  derOid,
  derSequence,
  derSet,
  derText,
  derTime,
  derTrue,
} from "./der.ts";

/** PEM texts. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

const dayMs = 24 * 3_600_000;
/** Browsers take no certificate that lasts longer than 398 days. */
const lastsMs = 397 * dayMs;
const renewBeforeMs = 30 * dayMs;

export interface CertificateOptions {
  /** An IPv4 address that it is for. */
  readonly address: string;
  /** A host name that it is for, too. */
  readonly name: string;
  readonly now: Date;
}

/**
 * The kept certificate, or a new one if there is none, if it is for another address, or if it ends within a month.
 * @throws CliaiError `data_dir_unwritable`
 */
export async function ensureOwnCertificate(
  dataDir: string,
  options: CertificateOptions,
): Promise<Certificate> {
  const [certPath, keyPath] = ["phone-cert.pem", "phone-key.pem"].map((name) =>
    join(keysDirOf(dataDir), name),
  ) as [string, string];
  const kept = await readKept(certPath, keyPath);
  if (kept !== undefined && isUsable(kept, options)) return kept;
  const made = await makeCertificate(options);
  await ensureOwnDir(keysDirOf(dataDir));
  await writePrivateFile(keyPath, made.key);
  await writePrivateFile(certPath, made.cert);
  return made;
}

async function readKept(certPath: string, keyPath: string): Promise<Certificate | undefined> {
  try {
    const [cert, key] = await Promise.all([readFile(certPath, "utf8"), readFile(keyPath, "utf8")]);
    return { cert, key };
  } catch {
    return undefined; // there is none yet, or it cannot be read and is made again
  }
}

function isUsable({ cert, key }: Certificate, { address, now }: CertificateOptions): boolean {
  try {
    const known = new X509Certificate(cert);
    const own = createPublicKey(key).export({ type: "spki", format: "der" });
    const isPair = own.equals(known.publicKey.export({ type: "spki", format: "der" }));
    const endsMs = Date.parse(known.validTo);
    return isPair && known.checkIP(address) !== undefined && endsMs - now.getTime() > renewBeforeMs;
  } catch {
    return false; // one of the two is damaged, or only one of them was written
  }
}

/** RFC 5280; ECDSA on P-256 with SHA-256. */
export async function makeCertificate({ address, name, now }: CertificateOptions): Promise<Certificate> {
  const { privateKey, publicKey } = await promisify(generateKeyPair)("ec", { namedCurve: "P-256" });
  const algorithm = derSequence(derOid("1.2.840.10045.4.3.2"));
  const who = derSequence(derSet(derSequence(derOid("2.5.4.3"), derText(`cliai on ${name}`.slice(0, 64)))));
  // It begins a day ago, because the phone's clock may be slow.
  const lasts = derSequence(
    derTime(new Date(now.getTime() - dayMs)),
    derTime(new Date(now.getTime() + lastsMs)),
  );
  const body = derSequence(
    derField(0, "whole", derInteger(Uint8Array.of(2))), // version 3
    derInteger(randomBytes(16)),
    algorithm,
    who,
    lasts,
    who,
    publicKey.export({ type: "spki", format: "der" }),
    derField(3, "whole", derSequence(...extensionsFor(address, name))),
  );
  const signature = sign("sha256", body, privateKey);
  const whole = derSequence(body, algorithm, derBits(signature));
  const lines =
    Buffer.from(whole)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return {
    cert: ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n"),
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

function extensionsFor(address: string, name: string): Uint8Array[] {
  const names = [derField(2, "bare", Buffer.from(name, "latin1"))];
  if (isIPv4(address)) names.push(derField(7, "bare", Uint8Array.from(address.split(".").map(Number))));
  const extension = (oid: string, value: Uint8Array, isCritical = false) =>
    derSequence(derOid(oid), ...(isCritical ? [derTrue()] : []), derOctets(value));
  return [
    extension("2.5.29.19", derSequence(), true), // basic constraints: it signs no other certificate
    extension("2.5.29.15", derBits(Uint8Array.of(0x80), 7), true), // key usage: digital signature
    extension("2.5.29.37", derSequence(derOid("1.3.6.1.5.5.7.3.1"))), // extended key usage: server
    extension("2.5.29.17", derSequence(...names)), // subject alternative names
  ];
}
