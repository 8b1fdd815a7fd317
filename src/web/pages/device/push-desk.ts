// What the page `/phone` needs of serve to turn push messages on and off.
import * as v from "valibot";
import type { Caller } from "../../access/caller.ts";

/** What a browser says of its subscription; serve checks it. */
export const SubscriptionSchema = v.object({
  endpoint: v.pipe(v.string(), v.url(), v.maxLength(1_024)),
  p256dh: v.string(),
  auth: v.string(),
  /** The public key of the server for which it has subscribed. */
  server_key: v.string(),
});
export type Subscription = v.InferOutput<typeof SubscriptionSchema>;

export interface PushDesk {
  /** For which browsers subscribe: a point of P-256 in base64url. */
  readonly publicKey: string;
  /** @throws CliaiError `refused` if its push service is not known, or if too many browsers take push messages */
  add(subscription: Subscription, caller: Caller): Promise<void>;
  /** @throws CliaiError if the serve that leads does not answer */
  remove(endpoint: string): Promise<void>;
}
