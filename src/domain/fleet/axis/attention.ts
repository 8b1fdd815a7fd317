// The axis `attention`: what about the agent needs a person. Pure.
import { definedOf } from "../../defined.ts";
import { heldUntil, isHoldOrder, keepsTexts } from "../../holding/hold.ts";
import { type CommandRecord, isControl } from "../../receipts.ts";
import { isApproval } from "../../requests.ts";
import type { AgentRecord } from "../agent-record.ts";
import type { Attention, Link, Reading } from "../axes.ts";
import { countingWord, decidingSession } from "../evidence-that-counts.ts";
import { needText } from "../needs/need.ts";
import { sessionAttention, usageLimitCause } from "../session-reading.ts";
import { unseenAfterMs } from "./activity.ts";
import { closedTerminalHint } from "./closed-terminal.ts";
import { read } from "./read.ts";

export function deriveAttention(
  record: AgentRecord,
  link: Reading<Link>,
  isWorking: boolean,
  now: Date,
): Reading<Attention> {
  const { requests = [] } = record;
  const said = countingWord(record);
  const isOnline = link.value === "online";
  if (isOnline && said?.status === "error") {
    return read("error", said.source, said.since, now, said.message ?? "reports an error");
  }
  // Show the requests of an agent that is away too, because it gets the answer when it returns.
  const request = requests.find(isApproval) ?? requests[0];
  if (request !== undefined) {
    const value = isApproval(request) ? "approval" : request.kind === "budget" ? "budget" : "question";
    const reason = needText({ kind: request.kind, reason: request.summary });
    return read(value, "request", request.asked_at, now, reason);
  }
  if (isOnline && said?.status === "blocked") {
    return read("stuck", said.source, said.since, now, said.message ?? "reports blocked");
  }
  const { waits_at_terminal } = record.heartbeat ?? {};
  const closed = definedOf({ hint: closedTerminalHint(record) });
  if (isOnline && waits_at_terminal !== undefined) {
    const since = record.run_started_at ?? record.first_seen;
    return { ...read("terminal", "heartbeat", since, now, waits_at_terminal), ...closed };
  }
  const session = isOnline ? decidingSession(record) : undefined;
  const found = session === undefined ? undefined : sessionAttention(session, isWorking, now);
  if (found !== undefined) {
    const { hint, cause } = found;
    const until = cause === usageLimitCause ? limitEnd(record) : undefined;
    const isDialog = found.value === "approval" || found.value === "question";
    return {
      ...read(found.value, "session", found.at, now, found.reason),
      ...(isDialog ? closed : definedOf({ hint, cause, until })),
    };
  }
  // At a limit or a budget its queue waits as well, and what it waits for is shown by itself.
  const isQueueHeld = keepsTexts(record.holds ?? []);
  const unseen = isQueueHeld ? undefined : record.commands.find((command) => isUnseen(command, now));
  if (unseen !== undefined && isOnline) {
    const at = unseen.receipts.at(-1)?.at ?? unseen.issued_at;
    const { waits_because } = record.heartbeat ?? {};
    const why = waits_because === undefined || isControl(unseen.type) ? "" : `: ${waits_because}`;
    const words = `${unseen.type} by ${unseen.from} is ${unseen.receipts.at(-1)?.state}, not taken up${why}`;
    return { ...read("unseen", "command", at, now, words), ...(why === "" ? {} : closed) };
  }
  const reason = link.value === "offline" ? "it is gone, and nothing waits for it" : "nothing waits";
  return { value: "none", source: "none", reason };
}

/** When the usage limit ends that holds the agent; undefined if that is not known, or if it does not go on by itself. */
function limitEnd({ holds = [] }: AgentRecord): string | undefined {
  return heldUntil(holds.filter(({ reason }) => reason === "usage_limit"));
}

function isUnseen(command: CommandRecord, now: Date): boolean {
  const last = command.receipts.at(-1);
  if (last?.state !== "delivered" || command.type === "message" || isHoldOrder(command)) return false;
  return now.getTime() - Date.parse(last.at) > unseenAfterMs;
}
