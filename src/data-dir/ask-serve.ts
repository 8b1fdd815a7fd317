// Asks a running serve, on the paths that need no token, which instance it is and whether its store works.
import * as v from "valibot";
import { directFetch } from "../direct-fetch.ts";

/**
 * Returns the body of the answer, whatever its status.
 * The certificate is not checked, because it is made for other names than loopback, and the request carries no secret.
 */
export async function askServe(url: URL, signal: AbortSignal): Promise<string> {
  const response = await directFetch(url, { signal, checksCertificate: false });
  return await response.text();
}

const answerWithinMs = 2_000;

const HealthSchema = v.object({
  reason: v.optional(v.string()),
  damage: v.optional(v.string()),
  nats: v.object({ connected: v.boolean() }),
});

export type Health = v.InferOutput<typeof HealthSchema>;

/** Asks serve what is wrong with it (`/readyz`). Undefined if no serve answers. */
export async function askHealth(serveUrl: string): Promise<Health | undefined> {
  try {
    const signal = AbortSignal.timeout(answerWithinMs);
    return v.parse(HealthSchema, JSON.parse(await askServe(new URL("/readyz", serveUrl), signal)));
  } catch {
    return undefined; // no serve, or another program: the caller then reports its own first error
  }
}
