// For an order that is not over: tells its sender where the order is, and whether another receipt can come.
import type { AgentRecord } from "../domain/fleet/agent-record.ts";
import { wayBack } from "../domain/fleet/shown/way-back.ts";
import { deriveAxes, statusWordOf } from "../domain/fleet/status.ts";
import { isControl, isStopType, type OrderType } from "../domain/receipts.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import type { ReceiptState } from "../domain/wire/messages.ts";

export interface NoMoreReceipts {
  readonly why: string;
  /** Replaces the hint of `whereItIs`. */
  readonly hint?: string;
}

/**
 * Why no further receipt of the order will come for now; undefined while one may. A control order always gets one: when its run has ended
 * without carrying it out, serve writes the last (`inbox/ended-runs.ts`).
 */
export function noMoreReceipts(record: AgentRecord, type: OrderType, now: Date): NoMoreReceipts | undefined {
  return isControl(type) ? undefined : whileAway(record, now);
}

/** Why a task or message for this agent must wait until the agent is back; undefined if the agent is not away, or if that is not known. */
export function whileAway(record: AgentRecord, now: Date): NoMoreReceipts | undefined {
  const axes = deriveAxes(record, now);
  if (axes.link.value !== "offline") return undefined;
  const why = `${record.agent_id} ${awayWords[statusWordOf(axes)] ?? "is away"}`;
  return { why, hint: `the agent gets it when it runs again: ${wayBack(record)}` };
}

const awayWords: Readonly<Record<string, string>> = {
  disconnected: "is disconnected",
  crashed: "has crashed",
  ended: "has ended",
  stopped: "was stopped",
  failed_to_start: "could not be started",
};

/**
 * The hint that tells where an order is.
 * @param furthest the last state of the order; undefined if it has none
 * @param force whether it is a stop that interrupts the running turn
 */
export function whereItIs(
  id: AgentId,
  type: OrderType,
  furthest: ReceiptState | undefined,
  force = false,
): string {
  const see = `see its receipts: cliai show ${id}`;
  const hasBegun = furthest === "injected" || furthest === "seen";
  if (hasBegun && type === "pause") return `the agent holds at its next tool call; ${see}`;
  if (hasBegun && isStopType(type)) {
    return force
      ? `the agent's turn is being interrupted, and its process ended; ${see}`
      : `the agent finishes its turn first; to interrupt the turn: cliai send stop ${id} --force`;
  }
  switch (furthest) {
    case undefined:
      return `the order may still be stored; ${see}`;
    case "stored":
      return `the order stays in the agent's queue; ${see}`;
    case "delivered":
      return isControl(type)
        ? `the agent's host has it; ${see}`
        : `the order waits until the agent's CLI takes text; ${see}`;
    case "injected":
      return `the agent's CLI has it, but has not shown that its model has it; ${see}`;
    case "seen":
      return `the agent's model has it, and is not done with it; ${see}`;
    default:
      return see;
  }
}
