// One browser that takes push messages, and whether a message may be sent where it says.
import * as v from "valibot";
import { CliaiError } from "../../domain/text/errors.ts";

/** Where browsers have their messages kept: those of Chrome and most others, Firefox, Edge, Safari. */
const knownServices = [
  /^fcm\.googleapis\.com$/,
  /^(.+\.)?push\.services\.mozilla\.com$/,
  /^(.+\.)?notify\.windows\.com$/,
  /^(.+\.)?push\.apple\.com$/,
];

export const DeviceSchema = v.object({
  /** Part of the name of its consumer. */
  name: v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/, "is not a name")),
  /** The address at its push service. It is secret: who has it can send to the browser. */
  endpoint: v.pipe(v.string(), v.maxLength(1_024, "is longer than 1,024 characters"), v.url("is no address")),
  /** Its public key, a point of P-256, and the secret of the subscription (RFC 8291), in base64url. */
  p256dh: v.pipe(v.string(), v.regex(/^[\w-]{87}$/, "is not a public key")),
  auth: v.pipe(v.string(), v.regex(/^[\w-]{22}$/, "is not a secret of 16 bytes")),
  /** The public key of the server for which the browser has subscribed. */
  server_key: v.string(),
  /** Whose it is, as whoever signs browsers in says it. When they may see nothing more, it is removed. */
  owner: v.string(),
});
export type Device = Readonly<v.InferOutput<typeof DeviceSchema>>;

/**
 * A browser can name any address, and this server would send there: so only the services of the browsers are taken, and those of the settings.
 * @param services origins, such as `https://push.example.org`
 * @throws CliaiError `refused`
 */
export function requireService(endpoint: string, services: readonly string[]): void {
  const { protocol, hostname, port, origin, username } = new URL(endpoint);
  const isKnown = port === "" && knownServices.some((each) => each.test(hostname));
  if (protocol === "https:" && username === "" && (isKnown || services.includes(origin))) return;
  throw new CliaiError("refused", `${origin} is not a push service that this server sends to`, {
    hint:
      protocol === "https:"
        ? `if it is one, name it in notify.json: "push": {"services": ["${origin}"]}`
        : "push services are reached by https",
  });
}
