// A push service over TLS on a port of its own, and browsers that subscribe there: they decrypt what they get as RFC 8291 says, with nothing of ours.
import { createDecipheriv, createECDH, type ECDH, hkdfSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import type { IncomingHttpHeaders } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { directFetch } from "../../src/direct-fetch.ts";
import { makeCertificate } from "./certificate.ts";
import { tempDir } from "./temp-dir.ts";

export interface PushedMessage {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface PushService extends AsyncDisposable {
  readonly origin: string;
  readonly received: readonly PushedMessage[];
  /** With which status it answers the next ones; 201 at first. */
  answer(status: number): void;
  /** Fetches from it, whose certificate nobody trusts. */
  readonly fetch: typeof directFetch;
}

export async function startPushService(): Promise<PushService> {
  await using starting = new AsyncDisposableStack();
  const dir = starting.use(await tempDir());
  const { cert, key } = await makeCertificate(dir, ["IP:127.0.0.1"]);
  const received: PushedMessage[] = [];
  let status = 201;
  const server = createServer({ cert, key }, async (request, response) => {
    const chunks = (await Array.fromAsync(request)) as Buffer[];
    received.push({ path: request.url ?? "", headers: request.headers, body: Buffer.concat(chunks) });
    response.writeHead(status).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  starting.defer(async () => {
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  });
  const running = starting.move();
  return {
    origin: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    answer(next) {
      status = next;
    },
    fetch: (url, options) => directFetch(url, { ...options, checksCertificate: false }),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

export interface SubscribedBrowser {
  readonly p256dh: string;
  readonly auth: string;
  /** @throws Error if it was not encrypted for this browser */
  decrypt(body: Buffer): unknown;
}

export function subscribedBrowser(): SubscribedBrowser {
  const own = createECDH("prime256v1");
  const auth = randomBytes(16);
  return {
    p256dh: own.generateKeys().toString("base64url"),
    auth: auth.toString("base64url"),
    decrypt: (body) => JSON.parse(decrypt(body, own, auth)),
  };
}

/** RFC 8291, section 3.4, and RFC 8188, section 2. */
function decrypt(body: Buffer, own: ECDH, auth: Buffer): string {
  const salt = body.subarray(0, 16);
  const idLength = body.readUInt8(20);
  const sender = body.subarray(21, 21 + idLength);
  const record = body.subarray(21 + idLength);
  const derive = (secret: Buffer, salted: Buffer, info: Buffer, length: number) =>
    Buffer.from(hkdfSync("sha256", secret, salted, info, length));
  const info = Buffer.concat([Buffer.from("WebPush: info\0"), own.getPublicKey(), sender]);
  const secret = derive(own.computeSecret(sender), auth, info, 32);
  const key = derive(secret, salt, Buffer.from("Content-Encoding: aes128gcm\0"), 16);
  const nonce = derive(secret, salt, Buffer.from("Content-Encoding: nonce\0"), 12);
  const decipher = createDecipheriv("aes-128-gcm", key, nonce).setAuthTag(record.subarray(-16));
  const padded = Buffer.concat([decipher.update(record.subarray(0, -16)), decipher.final()]);
  const end = padded.lastIndexOf(2); // what follows the delimiter of the last record is zeros
  return padded.subarray(0, end).toString("utf8");
}
