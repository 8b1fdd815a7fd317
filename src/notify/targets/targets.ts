// This room tells the targets of the user's notifications: over HTTP, and on the desktop.
//
// Tells the targets of `notify.json`: each gets what has come since it was told last, together, and again until it has taken it.
import type { Notice } from "../../domain/notices/notice.ts";
import type { Notices } from "../../domain/notices/notices-words.ts";
import { type AgentRequest, isOpen } from "../../domain/requests.ts";
import { targetConsumer } from "../../domain/wire/subjects.ts";
import type { Environment } from "../../runtime.ts";
import type { ServerInside } from "../../server/start/server-options.ts";
import { openRecipientsFile, type RecipientsFile } from "../recipients-file.ts";
import { type NotifyFile, notifyFileName, notifyPath, parseNotifyFile, type Target } from "./notify-file.ts";
import { sendWebhook } from "./send-webhook.ts";
import { tellDesktop } from "./tell-desktop.ts";
import { deliveryId, type ToldContext, toldRecipient } from "./told-recipient.ts";

/** The kind of the alert. */
const notifyFailedAlert = "notify_failed";

/** Makes the path and query of the page on which the target of this name answers the request, once. */
export type AnswerPath = (request: AgentRequest, name: string) => string;

export interface TargetsOptions extends Pick<ToldContext, "records" | "waitMs" | "inFront" | "stands"> {
  readonly dataDir: string;
  readonly url: string;
  readonly version: string;
  readonly env: Environment;
  /** Without it, no target has links that answer. */
  readonly answerPath?: AnswerPath | undefined;
  /** Called with what the file says besides the targets, whenever it has been read. */
  readonly onSettings?: ((settings: Pick<NotifyFile, "pageUrl" | "push">) => void) | undefined;
}

export interface Targets extends RecipientsFile<Target> {
  /** Sends the target this notice now, once. @throws NotTaken */
  send(target: Target, notice: Notice, signal: AbortSignal): Promise<void>;
}

export async function openTargets(
  inside: Pick<ServerInside, "bus" | "lease" | "alerts" | "requests" | "now" | "log">,
  options: TargetsOptions,
): Promise<Targets> {
  const { dataDir, url, version, env } = options;
  const { now, log } = inside;
  let pageUrl = url;
  const answerPathOf = ({ name, answer_links }: Target, { request_id = "" }: Notice) => {
    const request = inside.requests.get(request_id);
    if (request === undefined || !isOpen(request) || !answer_links.includes(request.kind)) return undefined;
    return options.answerPath?.(request, name);
  };
  const post = async (target: Target, notices: Notices, signal: AbortSignal) => {
    const { way, timeout_s: timeoutS } = target;
    if (way === "desktop") return await tellDesktop(notices, { dataDir, env, timeoutS, signal });
    const facts = { id: deliveryId(notices), pageUrl, version, timeoutS, now, signal };
    await sendWebhook(way, notices, {
      ...facts,
      answerPathOf: (notice) => answerPathOf(target, notice),
    });
  };
  const file = await openRecipientsFile<Target>(inside, {
    file: { path: notifyPath(dataDir), isSecret: true },
    fileName: notifyFileName,
    parse(source) {
      const read: NotifyFile = parseNotifyFile(source, notifyPath(dataDir));
      pageUrl = read.pageUrl ?? url;
      options.onSettings?.(read);
      return read;
    },
    consumerOf: targetConsumer,
    recipientOf: (target, failures) =>
      toldRecipient(
        { ...target, consumer: targetConsumer(target.name), fingerprint: JSON.stringify(target) },
        {
          ...options,
          ...{ failures, now, log },
          post: (notices, signal) => post(target, notices, signal),
        },
      ),
    alert: notifyFailedAlert,
    what: "target",
  });
  return Object.assign(file, {
    send: (target: Target, notice: Notice, signal: AbortSignal) => post(target, [notice], signal),
  });
}
