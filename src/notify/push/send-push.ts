// Sends notices to a browser, by its push service: encrypted for this browser (RFC 8291), signed by this server (RFC 8292).
import { createHash } from "node:crypto";
import { buildPushPayload } from "@block65/webcrypto-web-push";
import { directFetch } from "../../direct-fetch.ts";
import type { NoticeKind } from "../../domain/notices/notice.ts";
import { type Notices, wordsOf } from "../../domain/notices/notices-words.ts";
import { beginningOf } from "../../domain/text/summary.ts";
import { deliver, type HttpSending } from "../targets/deliver.ts";
import { NotTaken } from "../targets/not-taken.ts";
import type { Device } from "./device.ts";

/** How long a push service keeps a message for a browser that is away. */
const keptS = 24 * 3_600;
/** The library encrypts at most 3,993 bytes, because services need not take more than 4,096. */
const mostBytes = 3_900;
const urgentKinds: readonly NoticeKind[] = ["needs_you", "limit", "budget", "stuck", "error"];

export interface PushSending extends HttpSending {
  /** The same for each try to send these notices. */
  readonly id: string;
  /** `publicKey` and `privateKey` in base64url; `contact`: a mailto: or https: address, by which a push service reaches the operator. */
  readonly keys: { readonly publicKey: string; readonly privateKey: string };
  readonly contact: string;
  /** Default: {@link directFetch}. */
  readonly fetch?: typeof directFetch | undefined;
}

/** Resolves to false if the push service says that the browser has ended its subscription. @throws NotTaken */
export async function sendPush(device: Device, notices: Notices, sending: PushSending): Promise<boolean> {
  const { id, keys, contact } = sending;
  const isUrgent = notices.some(({ kind }) => (urgentKinds as readonly string[]).includes(kind));
  const { headers, body } = await buildPushPayload(
    {
      data: payloadOf(notices, id),
      options: {
        ttl: keptS,
        urgency: isUrgent ? "high" : "normal",
        // While the browser is away, a message replaces one with the same topic: the same one that was sent before.
        topic: createHash("sha256").update(id).digest("base64url").slice(0, 32),
      },
    },
    {
      endpoint: device.endpoint,
      expirationTime: null,
      keys: { p256dh: device.p256dh, auth: device.auth },
    },
    { subject: contact, ...keys },
  );
  const place = { url: device.endpoint, hidden: [device.auth] };
  const send = sending.fetch ?? directFetch;
  try {
    await deliver(place, { headers, body }, sending, send);
    return true;
  } catch (error) {
    if (error instanceof NotTaken && (error.status === 404 || error.status === 410)) return false;
    throw error;
  }
}

/** What the service worker reads: of the text only so much that all of it is short enough to be encrypted. */
export function payloadOf(notices: Notices, id: string) {
  const { title, text, path } = wordsOf(notices);
  const cutTo = (length: number) => ({
    id,
    title,
    text: length === 0 ? "" : beginningOf(text, length),
    path,
  });
  const isShort = (payload: object) => new TextEncoder().encode(JSON.stringify(payload)).length <= mostBytes;
  for (let length = text.length; length > 0; length = Math.floor(length * 0.8))
    if (isShort(cutTo(length))) return cutTo(length);
  return cutTo(0);
}
