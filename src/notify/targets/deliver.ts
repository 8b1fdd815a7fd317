// Posts to a target over HTTP, once, and says in words why it did not work: without the address's path, its query and other secrets.
import type { directFetch } from "../../direct-fetch.ts";
import { harmless } from "../../domain/text/harmless.ts";
import { readRetryAfterMs } from "../../domain/text/moment.ts";
import { redact } from "../../domain/text/redact.ts";
import { beginningOf } from "../../domain/text/summary.ts";
import { NotTaken } from "./not-taken.ts";

/** The longest wait that a receiver can ask for. */
const longestAskedMs = 3_600_000;
const answerKept = 2_000;
const reasonLength = 160;
/** Shorter words of an address are no secrets, such as `api`. */
const shortestSecret = 5;

export interface HttpPlace {
  readonly url: string;
  /** What must not be shown, besides what is in the address. */
  readonly hidden: readonly string[];
}

export interface HttpSending {
  readonly timeoutS: number;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

export interface HttpPost {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** @throws NotTaken */
export async function deliver(
  place: HttpPlace,
  { headers, body }: HttpPost,
  { timeoutS, now, signal }: HttpSending,
  send: typeof directFetch,
): Promise<void> {
  const deadline = AbortSignal.timeout(timeoutS * 1_000);
  let response: Response;
  let answer = "";
  try {
    response = await send(place.url, {
      ...{ method: "POST", headers, body },
      signal: AbortSignal.any([deadline, signal]),
    });
    // What a receiver says after it has taken them may never end.
    if (response.ok) void response.body?.cancel().catch(() => undefined);
    else answer = await beginningOfBody(response);
  } catch (error) {
    if (deadline.aborted) throw new NotTaken(`${hostOf(place)} has not answered within ${timeoutS} s`);
    throw new NotTaken(`${hostOf(place)} cannot be reached: ${codeOf(error)}`);
  }
  if (response.ok) return;
  const { status } = response;
  const said = beginningOf(
    harmless(redact(withoutSecrets(answer, place)).replaceAll(/\s+/g, " ")),
    reasonLength,
  );
  throw new NotTaken(`${hostOf(place)} answered ${status}${said === "" ? "" : `: ${said}`}`, {
    isFinal: status === 400 || status === 413 || status === 422,
    waitMs: readRetryAfterMs(response.headers.get("retry-after"), now(), longestAskedMs),
    status,
  });
}

/** The address without what may be secret in it. */
export function hostOf({ url }: Pick<HttpPlace, "url">): string {
  const { protocol, host } = new URL(url);
  return protocol === "https:" ? host : `${protocol}//${host}`;
}

async function beginningOfBody(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > answerKept) break;
  }
  return text.slice(0, answerKept);
}

/** The code of a socket's error, such as ECONNREFUSED. Its message may have the address, which may be secret. */
function codeOf(error: unknown): string {
  const { code, name } = error as NodeJS.ErrnoException;
  return code ?? name ?? "unknown error";
}

/** A receiver may repeat what it was sent. */
function withoutSecrets(text: string, { url, hidden }: HttpPlace): string {
  const { pathname, searchParams, username, password } = new URL(url);
  const given = [username, password, ...searchParams.values(), ...hidden];
  const secrets = [...given, ...pathname.split("/")].filter(({ length }) => length >= shortestSecret);
  return secrets.reduce((kept, each) => kept.replaceAll(each, "***"), text);
}
