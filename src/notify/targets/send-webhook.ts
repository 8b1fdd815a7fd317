// Sends notices to a target over HTTP, once, and says in words why it did not work: without the address's path, its query and other secrets.
import { directFetch } from "../../direct-fetch.ts";
import { escapeFields, fillTemplate } from "../../domain/notices/fill-template.ts";
import type { Notice } from "../../domain/notices/notice.ts";
import type { Notices } from "../../domain/notices/notices-words.ts";
import { harmless } from "../../domain/text/harmless.ts";
import { redact } from "../../domain/text/redact.ts";
import { beginningOf } from "../../domain/text/summary.ts";
import { NotTaken } from "./not-taken.ts";
import type { HttpWay } from "./notify-file.ts";
import { webhookHeaders } from "./sign-webhook.ts";
import { fieldsOf } from "./templates.ts";

/** The longest wait that a receiver can ask for. */
const longestAskedMs = 3_600_000;
const answerKept = 2_000;
const reasonLength = 160;
/** Shorter words of an address are no secrets, such as `api`. */
const shortestSecret = 5;

export interface Sending {
  /** The same for each try to send these notices. */
  readonly id: string;
  /** Where people reach the dashboard. */
  readonly pageUrl: string;
  readonly version: string;
  readonly timeoutS: number;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

/** @throws NotTaken */
export async function sendWebhook(way: HttpWay, notices: Notices, sending: Sending): Promise<void> {
  const body = JSON.stringify(bodyOf(way, notices, sending));
  const { url, secret, headers } = way;
  const { timeoutS } = sending;
  const deadline = AbortSignal.timeout(timeoutS * 1_000);
  let response: Response;
  let answer = "";
  try {
    response = await directFetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "user-agent": `cliai/${sending.version}`,
        ...headers,
        ...webhookHeaders(sending.id, sending.now(), body, secret),
      },
      body,
      signal: AbortSignal.any([deadline, sending.signal]),
    });
    // What a receiver says after it has taken them may never end.
    if (response.ok) void response.body?.cancel().catch(() => undefined);
    else answer = await beginningOfBody(response);
  } catch (error) {
    if (deadline.aborted) throw new NotTaken(`${hostOf(way)} has not answered within ${timeoutS} s`);
    throw new NotTaken(`${hostOf(way)} cannot be reached: ${codeOf(error)}`);
  }
  if (response.ok) return;
  const { status } = response;
  const said = beginningOf(
    harmless(redact(withoutSecrets(answer, way)).replaceAll(/\s+/g, " ")),
    reasonLength,
  );
  throw new NotTaken(`${hostOf(way)} answered ${status}${said === "" ? "" : `: ${said}`}`, {
    isFinal: status === 400 || status === 413 || status === 422,
    waitMs: waitAsked(response.headers.get("retry-after"), sending.now()),
  });
}

/** The address without what may be secret in it. */
export function hostOf({ url }: Pick<HttpWay, "url">): string {
  const { protocol, host } = new URL(url);
  return protocol === "https:" ? host : `${protocol}//${host}`;
}

function bodyOf({ template }: HttpWay, notices: Notices, sending: Sending): unknown {
  const fields = fieldsOf(notices, sending);
  if (template !== undefined) return fillTemplate(template.body, escapeFields(fields, template.escape ?? {}));
  const { id, title, text, link } = fields;
  const linked = ({ path, ...notice }: Notice) => ({ ...notice, link: `${sending.pageUrl}${path}` });
  return { id, count: notices.length, title, text, link, notices: notices.map(linked) };
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
function withoutSecrets(text: string, { url, secret, hidden }: HttpWay): string {
  const { pathname, searchParams, username, password } = new URL(url);
  const given = [secret ?? "", username, password, ...searchParams.values(), ...hidden];
  const secrets = [...given, ...pathname.split("/")].filter(({ length }) => length >= shortestSecret);
  return secrets.reduce((kept, each) => kept.replaceAll(each, "***"), text);
}

/** Seconds, or a date (RFC 9110, Retry-After). */
function waitAsked(header: string | null, now: Date): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - now.getTime();
  return Number.isNaN(ms) ? undefined : Math.max(0, Math.min(ms, longestAskedMs));
}
