// Checks, after the other checks, all that the agent has sent meanwhile: serve understood each message, and answered each tool call.
import { type Finding, finding, untried } from "./finding.ts";
import type { Stage } from "./stage.ts";

export function checkReports({ hearing }: Pick<Stage, "hearing">): Finding[] {
  const { heartbeats, statuses, receipts, calls, malformed } = hearing;
  const [wrong] = malformed;
  const sum = heartbeats.length + statuses.length + receipts.length;
  const messages = finding(
    "messages: serve understands each",
    wrong === undefined,
    wrong === undefined ? `${sum} messages` : `${wrong.message.subject}: ${wrong.message.error}`,
    "compare it with its sample in docs/protocol.md",
  );
  const check = "tools: each call is carried out";
  const hint = "call tools by requests on tools.call.ID: check_inbox and acknowledge, for example";
  if (calls.length === 0) return [messages, untried(check, "it called no tool", hint)];
  const failed = calls.find(({ message }) => !message.success)?.message;
  const names = [...new Set(calls.map(({ message }) => message.tool))].join(", ");
  const unnamed = calls.filter(({ message }) => message.request_id === null).length;
  return [
    messages,
    finding(
      check,
      failed === undefined,
      failed === undefined ? `${calls.length} calls: ${names}` : `${failed.tool}: ${failed.error ?? ""}`,
      "read `success` and `error` of the answer: the error says what to change",
    ),
    finding(
      "tools: each call has a request_id",
      unnamed === 0,
      unnamed === 0 ? `${calls.length} calls` : `${unnamed} of ${calls.length} calls have none`,
      "give each call a new request_id, and the same one if you send it again",
    ),
  ];
}
