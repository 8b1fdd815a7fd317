// Makes the tool calls of the client, and keeps what they tell: of the agent's status, and of its orders.

import type { Link } from "../agent-link/link.ts";
import { noteTokens, type ReceiptQueue } from "../agent-link/receipt-queue.ts";
import { createToolCaller, type ToolCaller } from "../agent-link/tool-call.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import type { ToolName } from "../domain/wire/tools/tools.ts";
import type { NotedOrders } from "./noted-orders.ts";
import type { Presence } from "./presence.ts";

export interface ClientCallsOptions {
  readonly agentId: AgentId;
  readonly createId: () => string;
  /** Replaces each tool's own timeout. */
  readonly callTimeoutMs?: number | undefined;
  /** After how long the request of a call that waits for a person is repeated. */
  readonly askAgainMs?: number | undefined;
}

export interface CallParts {
  readonly link: Link;
  readonly receipts: ReceiptQueue;
  readonly presence: Presence;
  readonly handedOver: NotedOrders;
  readonly acknowledged: NotedOrders;
}

/** Returns the function that makes a call of the client. It keeps what the call tells: of the agent's status, and of its orders. */
export function createClientCalls(
  { agentId: id, createId, callTimeoutMs, askAgainMs }: ClientCallsOptions,
  { link, receipts, presence, handedOver, acknowledged }: CallParts,
): ToolCaller {
  const unseen = createUnseen(receipts, presence.instanceId);
  const call = createToolCaller({
    ...{ id, instanceId: presence.instanceId, beat: presence.beat, link, createId },
    timeoutMs: callTimeoutMs,
    askAgainMs,
    onDone: (name, args) => {
      presence.update(presenceAfter(name, args));
      const ended = acknowledgedBy(name, args);
      acknowledged.note(ended);
      unseen.forget(ended);
    },
    onTokens: (tokens) => noteTokens(receipts, tokens),
    onHandedOver: (commandIds, tool) => {
      handedOver.note(commandIds);
      receipts.writeHandedOver(commandIds, tool, presence.instanceId());
      unseen.add(commandIds);
    },
  });
  return (name, args, signal, requestId, trace) => {
    unseen.noteCall(acknowledgedBy(name, args));
    const outcome = call(name, args, signal, requestId, trace);
    if (name === "check_inbox") handedOver.watch(outcome);
    if (name === "acknowledge") acknowledged.watch(outcome);
    return outcome;
  };
}

interface Unseen {
  /** A result has handed these orders over. */
  add(commandIds: readonly string[]): void;
  /** The orders were acknowledged, so they have their final receipts. */
  forget(commandIds: readonly string[]): void;
  /**
   * The client calls a tool again, so it has read the earlier results: writes `seen` for their orders.
   * @param acknowledged the orders that this call acknowledges, which need no `seen`
   */
  noteCall(acknowledged: readonly string[]): void;
}

/** Keeps the orders that results have handed over, until the client shows that it has read them. */
function createUnseen(receipts: Pick<ReceiptQueue, "write">, run: () => string): Unseen {
  const unseen = new Set<string>();
  return {
    add(commandIds) {
      for (const commandId of commandIds) unseen.add(commandId);
    },
    forget(commandIds) {
      for (const commandId of commandIds) unseen.delete(commandId);
    },
    noteCall(acknowledged) {
      const facts = { state: "seen", run: run(), detail: "the next call of its CLI" } as const;
      for (const command_id of unseen) {
        if (acknowledged.includes(command_id)) continue;
        unseen.delete(command_id);
        receipts.write({ command_id, ...facts });
      }
    },
  };
}

/** The ids of the orders that a call acknowledges: one or none. */
function acknowledgedBy(name: ToolName, { command_id }: Record<string, unknown>): readonly string[] {
  return name === "acknowledge" && typeof command_id === "string" ? [command_id] : [];
}

/** The changes to the heartbeats after a call: the status that the server has recorded. */
function presenceAfter(
  name: ToolName,
  { status, current_task }: Record<string, unknown>,
): { status?: string; current_task?: string } {
  if (name !== "report_status" || typeof status !== "string") return {};
  return typeof current_task === "string" ? { status, current_task } : { status };
}
