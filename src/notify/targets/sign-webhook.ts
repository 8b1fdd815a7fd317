// Signs a webhook as Standard Webhooks 1.0 says (https://www.standardwebhooks.com), so that a receiver can check with a ready library that it
// came from here, unchanged and just now.

import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";

export interface WebhookHeaders {
  readonly "webhook-id": string;
  /** Seconds since 1970. */
  readonly "webhook-timestamp": string;
  /** Absent without a secret. */
  readonly "webhook-signature"?: string;
}

/** @param secret `whsec_` and base64, or any other text, whose UTF-8 bytes are the key */
export function webhookHeaders(
  id: string,
  now: Date,
  body: string,
  secret: string | undefined,
): WebhookHeaders {
  const timestamp = String(Math.floor(now.getTime() / 1_000));
  const headers = { "webhook-id": id, "webhook-timestamp": timestamp };
  if (secret === undefined) return headers;
  const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : Buffer.from(secret);
  const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  return { ...headers, "webhook-signature": `v1,${signature}` };
}
