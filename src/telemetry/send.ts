// Sends one encoded request to the collector, and says in words why it did not work: without the address's path and other secrets.
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { OtlpTarget } from "../config/otlp-settings.ts";
import { directFetch } from "../direct-fetch.ts";
import { messageOf } from "../domain/text/errors.ts";
import { readRetryAfterMs } from "../domain/text/moment.ts";

/** What became of a request. `again`: the collector may take it later; after `waitMs`, if it said so. */
export type Outcome =
  | { readonly type: "taken"; readonly answer: Uint8Array }
  | { readonly type: "again"; readonly reason: string; readonly waitMs?: number | undefined }
  | { readonly type: "refused"; readonly reason: string };

/** Those of the specification of OTLP. */
const againStatuses: readonly number[] = [429, 502, 503, 504];
const longestAskedMs = 60_000;
const answerBytes = 65_536;

const zip = promisify(gzip);

export interface OtlpContent {
  readonly body: Uint8Array<ArrayBuffer>;
  /** The media type of the body. */
  readonly type: string;
}

export interface OtlpSending {
  /** Gives the request up, at the end of serve. */
  readonly signal: AbortSignal;
  readonly now: () => Date;
}

/** Never throws. */
export async function sendOtlp(
  target: OtlpTarget,
  { body, type }: OtlpContent,
  { signal, now }: OtlpSending,
): Promise<Outcome> {
  const deadline = AbortSignal.timeout(target.timeoutMs);
  try {
    const response = await directFetch(target.url, {
      method: "POST",
      headers: {
        "content-type": type,
        ...(target.isGzipped ? { "content-encoding": "gzip" } : {}),
        ...target.headers,
      },
      body: target.isGzipped ? await zip(body) : body,
      signal: AbortSignal.any([deadline, signal]),
    });
    const answer = await beginningOf(response);
    const { status } = response;
    if (response.ok) return { type: "taken", answer };
    const reason = `${hostOf(target)} answered ${status}`;
    if (!againStatuses.includes(status)) return { type: "refused", reason };
    const waitMs = readRetryAfterMs(response.headers.get("retry-after"), now(), longestAskedMs);
    return { type: "again", reason, waitMs };
  } catch (error) {
    if (deadline.aborted)
      return { type: "again", reason: `${hostOf(target)} has not answered within ${target.timeoutMs} ms` };
    if (signal.aborted)
      return { type: "again", reason: `${hostOf(target)} has not answered before the end of serve` };
    const { code } = error as NodeJS.ErrnoException;
    return { type: "again", reason: `${hostOf(target)} cannot be reached: ${code ?? messageOf(error)}` };
  }
}

export function hostOf({ url }: Pick<OtlpTarget, "url">): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}

async function beginningOf(response: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    parts.push(part);
    size += part.length;
    if (size > answerBytes) break;
  }
  return Buffer.concat(parts);
}
