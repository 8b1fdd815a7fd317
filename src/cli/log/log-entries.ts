// Turns an agent's records in AUDIT into log entries: what it was told, did and said. One entry for each record. Pure.
import * as v from "valibot";
import { isGoodbye } from "../../domain/fleet/axis/link.ts";
import { commandText, shutdownText } from "../../domain/receipts.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { decodeMessage } from "../../domain/wire/decode.ts";
import { decodeOrder } from "../../domain/wire/decode-order.ts";
import { parseAgentSubject } from "../../domain/wire/subjects.ts";
import type { StreamMessage } from "../../nats/jetstream/follow.ts";

export interface LogEntry {
  readonly seq: number;
  readonly at: string;
  readonly agent_id: AgentId;
  readonly kind: "told" | "calls" | "said" | "asked" | "reported" | "failed" | "began" | "ended";
  /** Who told it, if somebody did. */
  readonly from?: string;
  /** A command's type, or the tool. */
  readonly what?: string;
  readonly text: string;
}

type Words = Pick<LogEntry, "kind" | "from" | "what" | "text">;

/** The mark of an order in a prompt (renderItem() in src/host/routes/item-text.ts). The log already has the order itself. */
const orderMark = /\[cliai \w+ [\w-]+[\] ]/;

const EventSchema = v.looseObject({
  kind: v.string(),
  tool: v.optional(v.fallback(v.string(), ""), ""),
  detail: v.optional(v.fallback(v.string(), ""), ""),
});
const StatusSchema = v.looseObject({
  status: v.string(),
  message: v.optional(v.fallback(v.string(), ""), ""),
});

/** Undefined for a record that is of no use to a reader of the log, or cannot be decoded. */
export function logEntry(record: StreamMessage): LogEntry | undefined {
  const subject = parseAgentSubject(record.subject);
  if (subject === undefined) return undefined;
  const words = wordsOf(record, subject.topic);
  return words && { seq: record.seq, at: record.at, agent_id: subject.id, ...words };
}

function wordsOf(record: StreamMessage, topic: string): Words | undefined {
  try {
    if (topic === "event") return eventWords(decodeMessage(EventSchema, record.data));
    if (topic === "status") return statusWords(decodeMessage(StatusSchema, record.data));
    return orderWords(record);
  } catch {
    return undefined; // the server has counted it, and `cliai audit` shows it
  }
}

function orderWords(record: StreamMessage): Words | undefined {
  const order = decodeOrder(record);
  switch (order?.type) {
    case "command": {
      const { type, from = "unknown" } = order.message;
      return { kind: "told", from, what: type, text: commandText(order.message) };
    }
    case "shutdown":
      return { kind: "told", from: "the server", what: "shutdown", text: shutdownText(order.message) };
    case "message": {
      const { from = "unknown", kind = "message", text } = order.message;
      return { kind: "told", from, what: kind, text };
    }
    default:
      return undefined;
  }
}

function eventWords({ kind, tool, detail }: v.InferOutput<typeof EventSchema>): Words | undefined {
  const told = (which: LogEntry["kind"], what = "", text = detail): Words => ({
    kind: which,
    ...(what === "" ? {} : { what }),
    text,
  });
  switch (kind) {
    case "prompt":
      return orderMark.test(detail) ? undefined : told("told", "prompt");
    case "tool_start":
      return told("calls", tool);
    case "tool_failed":
      return told("failed", tool);
    case "tool_denied":
    case "tool_start_refused":
      return told("failed", tool, `refused: ${detail}`);
    case "turn_failed":
      return told("failed", "turn");
    case "permission":
    case "question":
      return told("asked", tool);
    case "activity":
    case "progress":
      return told("reported");
    case "said":
      return told("said");
    case "session_start":
      return told("began", "", `session (${detail})`);
    default:
      return undefined;
  }
}

function statusWords({ status, message }: v.InferOutput<typeof StatusSchema>): Words | undefined {
  if (isGoodbye(status)) return { kind: "ended", text: message === "" ? status : `${status}: ${message}` };
  return message === "" ? undefined : { kind: "reported", what: status, text: message };
}
