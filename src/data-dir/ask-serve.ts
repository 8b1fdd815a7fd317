// Asks a running serve on the paths that need no token: which instance it is, and whether its store works.
import * as v from "valibot";
import { directFetch } from "../direct-fetch.ts";

/**
 * The body, whatever the status.
 * The certificate is not checked: it is made for other names than this one, and nothing is told here.
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

/** What is wrong with it by its own word; undefined where no serve says anything. */
export async function askHealth(serveUrl: string): Promise<Health | undefined> {
  try {
    const signal = AbortSignal.timeout(answerWithinMs);
    return v.parse(HealthSchema, JSON.parse(await askServe(new URL("/readyz", serveUrl), signal)));
  } catch {
    return undefined; // none is there, or something else: what was seen first is told
  }
}
