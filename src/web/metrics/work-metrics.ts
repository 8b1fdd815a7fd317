// The metrics of what the agents do: orders and their receipts, messages, tool calls.
import type { WorkFigures } from "../../server/reports/work-counts.ts";
import { counter, histogram } from "./metric.ts";
import type { Metric } from "./prometheus-text.ts";

export function workMetrics({ messages, orders, receipts, steps, calls }: WorkFigures): Metric[] {
  return [
    counter(
      "cliai_messages_total",
      "The messages of agents that were taken in, by what they are.",
      [...messages].map(([type, value]) => ({ labels: { type }, value })),
    ),
    counter(
      "cliai_orders_total",
      "The orders that were stored for agents, by their type.",
      [...orders].map(([type, value]) => ({ labels: { type }, value })),
    ),
    counter(
      "cliai_receipts_total",
      "The states that orders have reached, by the receipts that prove them.",
      [...receipts].map(([state, value]) => ({ labels: { state }, value })),
    ),
    histogram(
      "cliai_receipt_seconds",
      "How long orders have taken to a state from the one before it.",
      [...steps].map(([state, distribution]) => [{ state }, distribution] as const),
    ),
    histogram(
      "cliai_tool_call_seconds",
      "How long serve has taken to answer the agents' tool calls.",
      calls.map(({ tool, success, took }) => [{ tool, success: String(success) }, took] as const),
    ),
  ];
}
