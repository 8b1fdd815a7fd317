// Writes down what became of what the agent was told: a receipt for each step, in order. While NATS is away they are kept
// and written when it is back: a step that was taken is never said not to have been.
import type { AgentId } from "../domain/agent-id.ts";
import { CliaiError, messageOf } from "../domain/errors.ts";
import type { Receipt } from "../domain/messages.ts";
import { receiptMessageId } from "../domain/receipts.ts";
import { agentSubject } from "../domain/subjects.ts";
import type { Logger } from "../log.ts";
import type { Link } from "./link.ts";
import { pause } from "./pause.ts";

export type ReceiptFacts = Pick<Receipt, "command_id" | "state" | "route" | "detail">;

export interface ReceiptQueue {
  /** Resolves when it is stored, or never will be. */
  write(facts: ReceiptFacts): Promise<void>;
  /** @param route the tool whose result carried them, or the host's way of handing over */
  writeHandedOver(commandIds: readonly string[], route: string): Promise<void>;
  /** Waits for what is queued, for `graceMs` at most; what is not stored by then is given to the agent's next run again. */
  close(graceMs: number): Promise<void>;
}

export interface ReceiptQueueOptions {
  readonly id: AgentId;
  readonly link: Pick<Link, "connected">;
  readonly now: () => Date;
  readonly log: Logger;
}

const tryAgainMs = 1_000;

export function createReceiptQueue({ id, link, now, log }: ReceiptQueueOptions): ReceiptQueue {
  const ending = new AbortController();
  const { signal } = ending;
  let last = Promise.resolve();

  const store = async (receipt: ReceiptFacts & { readonly timestamp: string }) => {
    const { command_id, state } = receipt;
    const messageId = receiptMessageId(id, command_id, state);
    while (!signal.aborted) {
      try {
        const bus = await link.connected(signal);
        await bus.publishStored(agentSubject(id, "receipt"), { agent_id: id, ...receipt }, { id: messageId });
        return;
      } catch (error) {
        if (signal.aborted) break;
        log.warn(`the receipt (${state}) of ${command_id} is not stored: ${messageOf(error)}`);
        if (error instanceof CliaiError && neverStored.has(error.code)) return;
        await pause(tryAgainMs, signal);
      }
    }
    log.warn(`the receipt (${state}) of ${command_id} is not stored any more`);
  };
  const write = (facts: ReceiptFacts) => {
    const receipt = { ...facts, timestamp: now().toISOString() };
    last = last.then(() => store(receipt));
    return last;
  };

  return {
    write,
    async writeHandedOver(commandIds, route) {
      for (const command_id of commandIds) void write({ command_id, state: "injected", route });
      await last;
    },
    async close(graceMs) {
      const timer = setTimeout(() => ending.abort(), graceMs);
      await last;
      clearTimeout(timer);
    },
  };
}

/** Tried again it fares no better. */
const neverStored: ReadonlySet<string> = new Set(["payload_too_large", "refused"]);
