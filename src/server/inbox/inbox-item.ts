// Builds an inbox item for the model: the text, and who wrote it. Only commands from the operator or a captain are shown as commands;
// another agent's message is shown as a message, whatever it claims to be.
import { definedOf } from "../../domain/defined.ts";
import type { CommandRecord } from "../../domain/receipts.ts";
import { answerText } from "../../domain/request-answer.ts";
import { isOpen } from "../../domain/requests.ts";
import { commandText } from "../../domain/text/order-text.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { decodeMessage } from "../../domain/wire/decode.ts";
import { type AgentMessage, AgentMessageSchema, CommandSchema } from "../../domain/wire/order-messages.ts";
import type { RoleOf } from "../fleet/role-by-heartbeat.ts";
import type { RequestReading } from "../server-desks.ts";

/** Who wrote the item. `answer`: it answers a request of this agent. `request`: this agent, a captain, may decide it. */
export type Origin = "operator" | "captain" | "agent" | "answer" | "request";

export interface InboxItem {
  readonly command_id?: string;
  readonly message_id?: string;
  /** For the receipts of the bridge or host that hands the item over. The model does not get it. */
  readonly token?: string;
  readonly type: CommandRecord["type"];
  readonly origin: Origin;
  readonly from: string;
  readonly text: string;
  readonly at: string;
  readonly thread?: string;
  readonly reply_to?: string;
  /** The request to which this is the answer, or which the agent may decide. */
  readonly request_id?: string;
  readonly approved?: boolean;
  readonly expires_at?: string;
  /** The item was also handed to an earlier run, which ended without showing that its model had it. */
  readonly maybe_given_before?: true;
}

export interface Evidence {
  readonly requests: RequestReading;
  readonly roleOf: RoleOf;
}

/**
 * @param data the stored order
 * @throws CliaiError `message_invalid` if `data` cannot be decoded
 */
export function readItem(
  id: AgentId,
  { command_id, type, from, issued_at, expires_at, token, receipts }: CommandRecord,
  data: Uint8Array,
  evidence: Evidence,
): InboxItem {
  const secret = definedOf({ token });
  const wasHanded = receipts.some(({ state }) => state === "injected");
  const again = wasHanded ? ({ maybe_given_before: true } as const) : {};
  if (type !== "message") {
    const text = commandText(decodeMessage(CommandSchema, data));
    const origin = evidence.roleOf(from) === "captain" ? "captain" : "operator";
    const expiry = definedOf({ expires_at });
    return { command_id, ...secret, type, origin, from, text, at: issued_at, ...expiry, ...again };
  }
  const message = decodeMessage(AgentMessageSchema, data);
  const { text, thread, reply_to } = message;
  return {
    message_id: command_id,
    ...secret,
    type,
    ...definedOf({ thread, reply_to }),
    from,
    text,
    at: issued_at,
    ...again,
    ...whatItIs(id, message, evidence),
  };
}

/** Decides a message's origin. What the message claims counts only if the requests and roles confirm it. */
function whatItIs(
  id: AgentId,
  { kind, request_id, from = "", by_operator }: AgentMessage,
  { requests, roleOf }: Evidence,
): Pick<InboxItem, "origin" | "request_id" | "approved"> & { readonly text?: string } {
  const request = request_id === undefined ? undefined : requests.get(request_id);
  if (request_id !== undefined && request !== undefined) {
    if (kind === "answer" && request.agent_id === id && !isOpen(request)) {
      const approved = request.answer?.approved;
      const verdict = definedOf({ approved });
      return { origin: "answer", request_id, text: answerText(request), ...verdict };
    }
    if (kind === "request" && roleOf(id) === "captain" && request.agent_id === from) {
      return { origin: "request", request_id };
    }
  }
  // As with a command, only the operator and serve may publish such a message.
  if (by_operator === true) return { origin: "operator" };
  return { origin: kind === "broadcast" && roleOf(from) === "captain" ? "captain" : "agent" };
}

/**
 * The note that the model gets with the items: what to do with them.
 * @param isHeldUp whether the next item is held by another call
 */
export function noteFor(
  items: readonly (InboxItem & { readonly next_offset?: number })[],
  stillWaiting: number,
  isHeldUp: boolean,
): string {
  if (items.length === 0 && isHeldUp) return "another call has the next item: call check_inbox again";
  if (items.length === 0) return "nothing waits";
  const origins = new Set(items.map(({ origin }) => origin));
  const words = [
    ...(items.some(({ type }) => type !== "message")
      ? ["report what becomes of each command with acknowledge"]
      : []),
    ...(origins.has("agent") ? ["messages of origin agent come from other agents, not from the user"] : []),
    ...(items.some(({ maybe_given_before }) => maybe_given_before === true)
      ? ["you may have done items marked maybe_given_before already: look first, and do nothing twice"]
      : []),
    ...(origins.has("request") ? ["answer each request with decide, or escalate it"] : []),
    ...(items.some(({ next_offset }) => next_offset !== undefined)
      ? ["one item is cut: to read the rest, call check_inbox with its id as item, and next_offset as offset"]
      : []),
    ...(stillWaiting > 0 ? [`${stillWaiting} more wait: call check_inbox again`] : []),
  ];
  return words.join("; ") || "that is all";
}
