// Says of an order that has no end yet where it is, and whether another receipt of it can come: for the one who has sent it.
import type { AgentRecord } from "../domain/fleet/agent-record.ts";
import { deriveAxes, isGoodbye, statusWordOf } from "../domain/fleet/status.ts";
import { resumeLine } from "../domain/fleet/way-back.ts";
import { type CommandRecord, isControl, isSettled, type OrderType } from "../domain/receipts.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import type { ReceiptState } from "../domain/wire/messages.ts";

export interface NoMoreReceipts {
  readonly why: string;
  /** What is said in the place of where the order is. */
  readonly hint?: string;
}

/**
 * Why no other receipt of the order will come for now; undefined while one may.
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

/** A task or a message for an agent that is away waits until it is back; undefined for one that is there, or may be. */
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

/** The order is as far as it goes by itself, and its run, which stores its receipts first, has said goodbye. */
function saidItsLast({ said }: AgentRecord, command: CommandRecord): string | undefined {
  if (!isSettled(command) || command.run === undefined) return undefined;
  if (said === undefined || said.instance_id !== command.run || !isGoodbye(said.status)) return undefined;
  return `its run has ended (${said.message ?? said.status})`;
}

/** Where an order is that has come so far and no further. */
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
        : `it waits until its CLI takes words; ${see}`;
    case "injected":
      return `its CLI was given it, and has not shown that its model has it; ${see}`;
    case "seen":
      return `its model has it, and has not ended it; ${see}`;
    default:
      return see;
  }
}
