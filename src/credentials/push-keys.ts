// The key pair with which this server signs what it sends to push services (VAPID, RFC 8292). It is made once, in `keys/push.json`, and never replaced,
// because each browser's subscription belongs to it.
import * as v from "valibot";
import { decodeMessage } from "../domain/wire/decode.ts";
import { ensureKeptKeys } from "./kept-keys.ts";

const PushKeysSchema = v.object({
  /** The point of the curve P-256, uncompressed, in base64url. */
  public_key: v.pipe(v.string(), v.regex(/^[\w-]{87}$/)),
  private_key: v.pipe(v.string(), v.regex(/^[\w-]{43}$/)),
});

export interface PushKeys {
  readonly publicKey: string;
  readonly privateKey: string;
}

/** @throws CliaiError as {@link ensureKeptKeys} */
export async function ensurePushKeys(dataDir: string): Promise<PushKeys> {
  return await ensureKeptKeys(dataDir, {
    file: "push.json",
    what: "keys for push messages",
    withoutThem: "browsers must turn push messages on again",
    parse(content) {
      const { public_key: publicKey, private_key: privateKey } = decodeMessage(PushKeysSchema, content);
      return { publicKey, privateKey };
    },
    async make() {
      const { publicKey, privateKey } = await makeKeys();
      return `${JSON.stringify({ public_key: publicKey, private_key: privateKey }, null, 2)}\n`;
    },
  });
}

async function makeKeys(): Promise<PushKeys> {
  const curve = { name: "ECDSA", namedCurve: "P-256" };
  const pair = await crypto.subtle.generateKey(curve, true, ["sign", "verify"]);
  const { d = "" } = await crypto.subtle.exportKey("jwk", pair.privateKey);
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  return { publicKey: point.toBase64({ alphabet: "base64url", omitPadding: true }), privateKey: d };
}
