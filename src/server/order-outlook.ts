// Tells the sender of an order that is not over where the order is, and whether another receipt of it can come.
import type { AgentRecord } from "../domain/fleet/agent-record.ts";
import { isGoodbye } from "../domain/fleet/axis/link.ts";
import { resumeLine } from "../domain/fleet/shown/way-back.ts";
import { deriveAxes, statusWordOf } from "../domain/fleet/status.ts";
import { type CommandRecord, isControl, isSettled, type OrderType } from "../domain/receipts.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import type { ReceiptState } from "../domain/wire/messages.ts";

export interface NoMoreReceipts {
  readonly why: string;
  /** Replaces the hint of `whereItIs`. */
  readonly hint?: string;
}

/**
 * Why no further receipt of the order will come for now; undefined while one may.
 * @param command undefined if the server has not read the order yet
 */
export function noMoreReceipts(
  record: AgentRecord,
  type: OrderType,
  command: CommandRecord | undefined,
  now: Date,
): NoMoreReceipts | undefined {
  if (!isControl(type)) return whileAway(record, now);
  const why = command && saidItsLast(record, command);
  return why === undefined ? undefined : { why };
}

/** Why a task or message for this agent must wait until the agent is back; undefined if the agent is not, or may not be, away. */
export function whileAway(record: AgentRecord, now: Date): NoMoreReceipts | undefined {
  const axes = deriveAxes(record, now);
  if (axes.link.value !== "offline") return undefined;
  const why = `${record.agent_id} ${awayWords[statusWordOf(axes)] ?? "is away"}`;
  return { why, hint: `it will get it when it is back: ${resumeLine(record)}` };
}

const awayWords: Readonly<Record<string, string>> = {
  disconnected: "is disconnected",
  crashed: "has crashed",
  ended: "has ended",
  stopped: "was stopped",
  failed_to_start: "could not be started",
};

/** Why the control order gets no further receipt: it is settled, and its run has said goodbye, which comes after its receipts. */
function saidItsLast({ said }: AgentRecord, command: CommandRecord): string | undefined {
  if (!isSettled(command) || command.run === undefined) return undefined;
  if (said === undefined || said.instance_id !== command.run || !isGoodbye(said.status)) return undefined;
  return `its run has ended (${said.message ?? said.status})`;
}

/** The hint that tells where an order is whose last state is `furthest`. */
export function whereItIs(id: AgentId, type: OrderType, furthest: ReceiptState | undefined): string {
  const see = `see it with: cliai show ${id}`;
  switch (furthest) {
    case undefined:
      return `it may still be stored; ${see}`;
    case "stored":
      return `it stays in the agent's queue; ${see}`;
    case "delivered":
      return isControl(type)
        ? `the agent's host has it; ${see}`
        : `it waits until the agent's CLI takes text; ${see}`;
    case "injected":
      return `the agent's CLI has it, but has not shown that its model has it; ${see}`;
    case "seen":
      return `the agent's model has it, and is not done with it; ${see}`;
    default:
      return see;
  }
}
