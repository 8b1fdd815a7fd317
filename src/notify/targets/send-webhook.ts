// Sends notices to a target over HTTP, once.
import { directFetch } from "../../direct-fetch.ts";
import { escapeFields, fillTemplate } from "../../domain/notices/fill-template.ts";
import type { Notice } from "../../domain/notices/notice.ts";
import type { Notices } from "../../domain/notices/notices-words.ts";
import { deliver, type HttpSending } from "./deliver.ts";
import type { HttpWay } from "./notify-file.ts";
import { webhookHeaders } from "./sign-webhook.ts";
import { fieldsOf } from "./templates.ts";

export interface Sending extends HttpSending {
  /** The same for each try to send these notices. */
  readonly id: string;
  /** Where people reach the dashboard. */
  readonly pageUrl: string;
  readonly version: string;
  /** The path and query by which the recipient may answer what the notice is about; undefined if it may not. */
  readonly answerPathOf: (notice: Notice) => string | undefined;
}

/** @throws NotTaken */
export async function sendWebhook(way: HttpWay, notices: Notices, sending: Sending): Promise<void> {
  const body = JSON.stringify(bodyOf(way, notices, sending));
  const { url, secret, hidden } = way;
  const headers = {
    "content-type": "application/json",
    "user-agent": `cliai/${sending.version}`,
    ...way.headers,
    ...webhookHeaders(sending.id, sending.now(), body, secret),
  };
  const place = { url, hidden: secret === undefined ? hidden : [secret, ...hidden] };
  await deliver(place, { headers, body }, sending, directFetch);
}

function bodyOf({ template }: HttpWay, notices: Notices, sending: Sending): unknown {
  const answers = notices.map(sending.answerPathOf);
  const fields = fieldsOf(notices, { ...sending, answerPath: notices.length === 1 ? answers[0] : undefined });
  if (template !== undefined) return fillTemplate(template.body, escapeFields(fields, template.escape ?? {}));
  const { id, title, text, link } = fields;
  const linked = ({ path, ...notice }: Notice, index: number) => {
    const answerPath = answers[index];
    return {
      ...notice,
      link: `${sending.pageUrl}${path}`,
      ...(answerPath === undefined ? {} : { answer_link: `${sending.pageUrl}${answerPath}` }),
    };
  };
  return { id, count: notices.length, title, text, link, notices: notices.map(linked) };
}
