// The spans of an order: one for its life, and below it one for each step that a receipt proves. Pure.
import { type CommandRecord, isFinal, isUnknownOrder, type ReceiptEntry } from "../domain/receipts.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import { agentSubject } from "../domain/wire/subjects.ts";
import { below, contextOf, type Span, type SpanContext, spanIdOf, traceIdOf } from "./span.ts";

/** The ends that are errors in a trace. */
const failures: ReadonlySet<string> = new Set(["failed", "refused", "expired"]);

/** The place of an order's life: below the span of whoever has sent it, if that is known. */
export function orderContext(agentId: string, order: CommandRecord): SpanContext & Pick<Span, "parentId"> {
  // The token tells it from a later order with the same id. The hash does not give it away.
  const names = ["order", agentId, order.command_id, order.token ?? ""];
  const sender = order.trace === undefined ? undefined : contextOf(order.trace);
  return below(sender, spanIdOf(...names), () => traceIdOf(...names));
}

/**
 * The spans that have ended with this change of an order. A receipt may be read before its order: its spans come with the order, because
 * only the order has a type and a sender.
 * @param known what was known before, undefined if nothing
 */
export function orderSpans(agentId: AgentId, known: CommandRecord | undefined, after: CommandRecord): Span[] {
  if (isUnknownOrder(after)) return [];
  const before = known === undefined || isUnknownOrder(known) ? undefined : known;
  if (before?.receipts === after.receipts) return [];
  const had = new Set(pairsOf(before?.receipts ?? []).map(keyOf));
  const steps = pairsOf(after.receipts).filter((pair) => !had.has(keyOf(pair)));
  const wasOver = before !== undefined && endOf(before) !== undefined;
  const end = wasOver ? undefined : endOf(after);
  return [
    ...steps.map((pair) => stepSpan(agentId, after, pair)),
    ...(end === undefined ? [] : [lifeSpan(agentId, after, end)]),
  ];
}

type Step = readonly [from: ReceiptEntry, to: ReceiptEntry];

function pairsOf(receipts: readonly ReceiptEntry[]): Step[] {
  return receipts.slice(1).map((to, i) => [receipts[i] ?? to, to]);
}

function keyOf([from, to]: Step): string {
  return `${from.state} ${to.state}`;
}

function endOf({ receipts }: CommandRecord): ReceiptEntry | undefined {
  return receipts.find(({ state }) => isFinal(state));
}

function stepSpan(agentId: AgentId, order: CommandRecord, [from, to]: Step): Span {
  const life = orderContext(agentId, order);
  const isDelivery = to.state === "delivered";
  return {
    ...below(life, spanIdOf(life.spanId, from.state, to.state), () => life.traceId),
    name: `order ${to.state}`,
    kind: isDelivery ? "consumer" : "internal",
    startMs: Date.parse(from.at),
    endMs: Date.parse(to.at),
    attributes: {
      "cliai.receipt.state": to.state,
      ...(to.route === undefined ? {} : { "cliai.receipt.route": to.route }),
      ...(isDelivery ? messagingOf(agentId, order, "receive") : {}),
    },
    error: failures.has(to.state) ? to.state : undefined,
  };
}

/** From the first receipt to the end. */
function lifeSpan(agentId: AgentId, order: CommandRecord, end: ReceiptEntry): Span {
  const { type, receipts } = order;
  const begin = receipts[0] ?? end;
  const isTask = type === "task";
  return {
    ...orderContext(agentId, order),
    name: isTask ? `invoke_agent ${agentId}` : `send ${type}`,
    kind: isTask ? "client" : "producer",
    startMs: Date.parse(begin.at),
    endMs: Date.parse(end.at),
    attributes: {
      ...(isTask ? { "gen_ai.operation.name": "invoke_agent" } : {}),
      ...agentAttributes(agentId),
      "cliai.order.type": type,
      "cliai.order.state": end.state,
      ...messagingOf(agentId, order, "send"),
    },
    error: failures.has(end.state) ? end.state : undefined,
  };
}

export function agentAttributes(agentId: string): Record<string, string> {
  return { "gen_ai.agent.id": agentId, "gen_ai.agent.name": agentId };
}

function messagingOf(
  agentId: AgentId,
  { command_id, type }: CommandRecord,
  operation: "send" | "receive",
): Record<string, string> {
  const topic = type === "message" || type === "shutdown" ? type : "command";
  return {
    "messaging.system": "nats",
    "messaging.operation.type": operation,
    "messaging.operation.name": operation,
    "messaging.destination.name": agentSubject(agentId, topic),
    "messaging.destination.template": `agent.{id}.${topic}`,
    "messaging.message.id": command_id,
  };
}
