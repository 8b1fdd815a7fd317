// The key pair with which this server signs what it sends to push services (VAPID, RFC 8292). It is made once, in `keys/push.json`, and never replaced,
// because each browser's subscription belongs to it.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { keysDirOf } from "../data-dir/data-dir.ts";
import { ensureOwnDir, writePrivateFile } from "../data-dir/private-files.ts";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import { decodeMessage } from "../domain/wire/decode.ts";

const PushKeysSchema = v.object({
  /** The point of the curve P-256, uncompressed, in base64url. */
  public_key: v.pipe(v.string(), v.regex(/^[\w-]{87}$/)),
  private_key: v.pipe(v.string(), v.regex(/^[\w-]{43}$/)),
});

export interface PushKeys {
  readonly publicKey: string;
  readonly privateKey: string;
}

/** @throws CliaiError `config_invalid` if the file is there and cannot be read, or holds no keys; `data_dir_unwritable` */
export async function ensurePushKeys(dataDir: string): Promise<PushKeys> {
  const path = join(keysDirOf(dataDir), "push.json");
  const kept = await readKept(path);
  if (kept !== undefined) return kept;
  const made = await makeKeys();
  const file = { public_key: made.publicKey, private_key: made.privateKey };
  await ensureOwnDir(keysDirOf(dataDir));
  await writePrivateFile(path, `${JSON.stringify(file, null, 2)}\n`);
  return made;
}

async function readKept(path: string): Promise<PushKeys | undefined> {
  let data: Uint8Array;
  try {
    data = await readFile(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new CliaiError("config_invalid", `cannot use ${path}: ${messageOf(cause)}`, {
      hint: "make it readable for the user of this server, or restore it from a backup: browsers have subscribed for its keys",
      cause,
    });
  }
  try {
    const { public_key: publicKey, private_key: privateKey } = decodeMessage(PushKeysSchema, data);
    return { publicKey, privateKey };
  } catch (cause) {
    throw new CliaiError("config_invalid", `${path} holds no keys for push messages`, {
      hint: "restore it from a backup, or remove it; without its keys, browsers must turn push messages on again",
      cause,
    });
  }
}

async function makeKeys(): Promise<PushKeys> {
  const curve = { name: "ECDSA", namedCurve: "P-256" };
  const pair = await crypto.subtle.generateKey(curve, true, ["sign", "verify"]);
  const { d = "" } = await crypto.subtle.exportKey("jwk", pair.privateKey);
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  return { publicKey: point.toBase64({ alphabet: "base64url", omitPadding: true }), privateKey: d };
}
