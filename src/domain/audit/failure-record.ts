// Decides which records of the stream AUDIT tell of something that went wrong. Pure.
import type { EventKind } from "../wire/event-messages.ts";
import type { ReceiptState } from "../wire/messages.ts";
import {
  auditMalformedSubject,
  auditToolSubject,
  dashboardAlertSubject,
  parseAgentSubject,
} from "../wire/subjects.ts";

const failedEvents: readonly EventKind[] = [
  ...(["tool_failed", "tool_denied", "tool_start_refused", "turn_failed", "tools_lost"] as const),
];
const failedReceipts: readonly ReceiptState[] = ["failed", "refused", "expired"];
const failedStatuses: readonly string[] = ["error", "crashed", "failed_to_start"];

/**
 * Whether a tool, a turn, an order or a call of cliai's tools has failed or was refused, an agent reports an error, a message was malformed,
 * or an alert was raised.
 * @param message what the record says; anything that is not an object has no fields
 */
export function isFailureRecord(subject: string, message: unknown): boolean {
  if (
    subject === auditMalformedSubject(undefined) ||
    subject.startsWith(`${auditMalformedSubject(undefined)}.`)
  )
    return true;
  const fields = (typeof message === "object" && message !== null ? message : {}) as Fields;
  const among = (name: string, words: readonly string[]) => words.some((word) => word === fields[name]);
  switch (parseAgentSubject(subject)?.topic) {
    case "event":
      return among("kind", failedEvents);
    case "receipt":
      return among("state", failedReceipts);
    case "status":
      return among("status", failedStatuses);
  }
  if (subject === dashboardAlertSubject)
    return among("severity", ["warning", "critical"]) && fields.resolved_at === undefined;
  // A tool call.
  return subject.startsWith(toolRecords) && fields.success === false;
}

const toolRecords = auditToolSubject("*").slice(0, -1);

type Fields = Readonly<Record<string, unknown>>;
