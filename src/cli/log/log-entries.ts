// Turns an agent's records in AUDIT into log entries: what it was told, did and said. At most one entry for each record. No I/O.
import * as v from "valibot";
import { definedOf } from "../../domain/defined.ts";
import { isGoodbye } from "../../domain/fleet/axis/link.ts";
import { commandLine, shutdownText } from "../../domain/text/order-text.ts";
import { summaryOf } from "../../domain/text/summary.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { decodeMessage } from "../../domain/wire/decode.ts";
import { decodeOrder, ownIdOf } from "../../domain/wire/decode-order.ts";
import { ReceiptSchema } from "../../domain/wire/messages.ts";
import { parseAgentSubject } from "../../domain/wire/subjects.ts";
import { shownOwnTool } from "../../domain/wire/tools/shown-tool.ts";
import type { StreamMessage } from "../../nats/jetstream/follow.ts";

export interface LogEntry {
  readonly seq: number;
  readonly at: string;
  readonly agent_id: AgentId;
  readonly kind: "told" | "calls" | "said" | "asked" | "answered" | "reported" | "failed" | "began" | "ended";
  /** Set if an order was given to the agent's next run, because the run before had not shown to have it. */
  readonly again?: true;
  /** With `told`: who told it. */
  readonly from?: string;
  /** A command's type, or the tool. */
  readonly what?: string;
  readonly text: string;
}

type Words = Pick<LogEntry, "kind" | "again" | "from" | "what" | "text">;

/** Makes the entry of a record. Call it with all records of one agent in order: if an order is given again, only an earlier record has its text. */
export type LogReader = (record: StreamMessage) => LogEntry | undefined;

export function createLogReader(): LogReader {
  const orders = new Map<string, KnownOrder>();
  const isToldEnd = createEndFilter();
  return (record) => {
    const entry = logEntry(record, orders);
    if (entry !== undefined && isToldEnd(record, entry)) return undefined;
    const id = entry?.kind === "told" && entry.again === undefined ? orderIdOf(record) : undefined;
    if (entry === undefined || id === undefined || orders.has(id)) return entry;
    const { kind, from, what, text } = entry;
    orders.set(id, { words: { kind, ...definedOf({ from, what }), text: summaryOf(text) } });
    return entry;
  };
}

/**
 * Returns a function that tells whether the entry is an end that the log has already. Several may report one end, if a host was killed: the
 * server, who starts the agent again, and the bridge that stands in for the host. Of these the first counts, unless something came in between.
 */
function createEndFilter(): (record: StreamMessage, entry: LogEntry) => boolean {
  let ended: (string | undefined)[] = [];
  return ({ data }, { kind }) => {
    const before = ended;
    if (kind !== "ended") {
      ended = [];
      return false;
    }
    const { status, instance_id: run } = decodeMessage(StatusSchema, data);
    ended = [...before, run];
    return before.length > 0 && (status === "disconnected" || (run !== undefined && before.includes(run)));
  };
}

interface KnownOrder {
  readonly words: Words;
  /** The run to which the order was given last; undefined if it was not given yet. */
  readonly run?: string;
}

function orderIdOf(record: StreamMessage): string | undefined {
  try {
    const order = decodeOrder(record);
    return order && ownIdOf(order);
  } catch {
    return undefined; // logEntry() makes no entry of it either
  }
}

/** Undefined unless the receipt says that an order was given to another run than before. */
function givenAgain({ data }: StreamMessage, orders: Map<string, KnownOrder>): Words | undefined {
  const { command_id, state, run } = decodeMessage(ReceiptSchema, data);
  const order = orders.get(command_id);
  if (state !== "injected" || run === undefined || order === undefined) return undefined;
  orders.set(command_id, { ...order, run });
  return order.run === undefined || order.run === run ? undefined : { ...order.words, again: true };
}

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
  instance_id: v.fallback(v.optional(v.string()), undefined),
});

/** Undefined for a record that is of no use to a reader of the log, or cannot be decoded. */
export function logEntry(
  record: StreamMessage,
  orders = new Map<string, KnownOrder>(),
): LogEntry | undefined {
  const subject = parseAgentSubject(record.subject);
  if (subject === undefined) return undefined;
  const words = wordsOf(record, subject.topic, orders);
  return words && { seq: record.seq, at: record.at, agent_id: subject.id, ...words };
}

function wordsOf(record: StreamMessage, topic: string, orders: Map<string, KnownOrder>): Words | undefined {
  try {
    if (topic === "receipt") return givenAgain(record, orders);
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
      return { kind: "told", from, what: type, text: commandLine(order.message) };
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

/** What became of a permission or a question, by the detail of its notification. */
const verdicts: ReadonlyMap<string, string> = new Map([
  ["permission_response: allow", "allowed"],
  ["permission_response: deny", "refused"],
  ["permission_response: answered", "answered"],
  ["permission_response: closed", "closed at its terminal"],
]);

function eventWords({ kind, tool, detail }: v.InferOutput<typeof EventSchema>): Words | undefined {
  const told = (which: LogEntry["kind"], what = "", text = detail): Words => ({
    kind: which,
    ...(what === "" ? {} : { what }),
    text,
  });
  const named = shownOwnTool(tool) ?? tool;
  switch (kind) {
    case "prompt":
      return orderMark.test(detail) ? undefined : told("told", "prompt");
    case "tool_start":
      return told("calls", named);
    case "tool_failed":
      return told("failed", named);
    case "tool_denied":
    case "tool_start_refused":
      return told("failed", named, `refused: ${detail}`);
    case "turn_failed":
      return told("failed", "turn");
    case "typed":
      return told("told", "keys");
    case "tools_lost":
      return told("failed", "tools");
    case "transcript_lost":
      return told("failed", "transcript");
    case "tools_back":
      return told("began", "", detail);
    case "permission":
    case "question":
      return told("asked", tool);
    case "notification": {
      const word = verdicts.get(detail);
      return word === undefined ? undefined : told("answered", tool, word);
    }
    case "activity":
    case "progress":
      return told("reported");
    case "said":
      return told("said");
    case "session_start":
      return told("began", "", detail === "" ? "session" : `session (${detail})`);
    default:
      return undefined;
  }
}

function statusWords({ status, message }: v.InferOutput<typeof StatusSchema>): Words | undefined {
  if (isGoodbye(status)) return { kind: "ended", text: message === "" ? status : `${status}: ${message}` };
  return message === "" ? undefined : { kind: "reported", what: status, text: message };
}
