// Ends what a guest had when serve ended, or when another serve led: nobody has heard the rest of its answer, and nobody waits for what it had asked.
import type { ReceiptQueue } from "../../agent-link/receipt-queue.ts";
import type { ToolCaller } from "../../agent-link/tool-call.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Logger } from "../../log.ts";
import type { Server } from "../../server/server.ts";
import { pause } from "../../waiting.ts";
import { guestRoute as route } from "./carry-out.ts";
import type { GuestAnswers } from "./guest-answers.ts";
import { tasksInHand } from "./guest-tasks.ts";

export interface EndLeftoversOptions {
  readonly id: AgentId;
  readonly server: {
    readonly fleet: Pick<Server["fleet"], "get">;
    readonly requests: Pick<Server["requests"], "open">;
  } & Pick<Server, "readAll" | "isLeader">;
  /** Calls the tools of cliai in the guest's name. */
  readonly call: ToolCaller;
  readonly receipts: Pick<ReceiptQueue, "write">;
  readonly answers: Pick<GuestAnswers, "endOthers">;
  /** Aborts when this serve does not speak for the guest any more. */
  readonly signal: AbortSignal;
  /** The pause between two tries. Default 1000. */
  readonly againAfterMs?: number | undefined;
  readonly log: Logger;
}

const usualAgainMs = 1_000;
const withdrawWithinMs = 5_000;
const detail = "cliai serve ended while it answered, so its answer is lost; it may have done the work";

/**
 * Tries until all is read and ended: a guest whose record was not read could be given a task a second time. Resolves with false if the signal
 * aborts before. Never rejects.
 */
export async function endLeftovers(options: EndLeftoversOptions): Promise<boolean> {
  const { id, signal, againAfterMs = usualAgainMs, log } = options;
  /** The tasks whose receipts are written, and may not be in the record yet. */
  const ended = new Set<string>();
  let trouble = "";
  while (!signal.aborted) {
    try {
      await tryToEnd(options, ended);
      return !signal.aborted;
    } catch (error) {
      const text = messageOf(error);
      if (text !== trouble && !signal.aborted) log.warn(`what ${id} had before is not ended yet: ${text}`);
      trouble = text;
      await pause(againAfterMs, signal);
    }
  }
  return false;
}

async function tryToEnd(options: EndLeftoversOptions, ended: Set<string>): Promise<void> {
  const { id, server, call, receipts, answers, signal } = options;
  await server.readAll(id);
  signal.throwIfAborted();
  // Another serve may have given it a task meanwhile.
  if (!server.isLeader()) throw new Error("this serve does not lead");
  for (const { command_id } of tasksInHand(server.fleet.get(id)?.commands ?? [])) {
    if (ended.has(command_id)) continue;
    ended.add(command_id);
    receipts.write({ command_id, state: "failed", route, detail });
  }
  for (const { request_id, agent_id } of server.requests.open()) {
    if (agent_id !== id) continue;
    const within = AbortSignal.any([signal, AbortSignal.timeout(withdrawWithinMs)]);
    await call("withdraw_request", { request_id }, within);
  }
  await answers.endOthers();
}
