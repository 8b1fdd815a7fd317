// What a running serve says of itself on the paths that are open to everybody: who it is, and whether its store works.
import { get } from "node:https";
import * as v from "valibot";

/**
 * The body, whatever the status.
 * The certificate is not checked: it is made for other names than this one, and nothing is told here.
 */
export async function askServe(url: URL, signal: AbortSignal): Promise<string> {
  if (url.protocol !== "https:") return await (await fetch(url, { signal })).text();
  return await new Promise((resolve, reject) => {
    const request = get(url, { rejectUnauthorized: false, agent: false, signal }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      response.on("error", reject).on("end", () => resolve(text));
    });
    request.on("error", reject);
  });
}

const answerWithinMs = 2_000;

const HealthSchema = v.object({
  reason: v.optional(v.string()),
  damage: v.optional(v.string()),
  nats: v.object({ connected: v.boolean() }),
});

/** What is wrong with it by its own word; undefined where no serve says anything. */
export async function askHealth(serveUrl: string): Promise<v.InferOutput<typeof HealthSchema> | undefined> {
  try {
    const signal = AbortSignal.timeout(answerWithinMs);
    return v.parse(HealthSchema, JSON.parse(await askServe(new URL("/readyz", serveUrl), signal)));
  } catch {
    return undefined; // none is there, or something else: what was seen first is told
  }
}
