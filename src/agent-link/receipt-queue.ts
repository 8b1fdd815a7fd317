// Stores receipts in order. While NATS is away it keeps them, and stores them when NATS is back, so that no step is lost.
import { definedOf } from "../domain/defined.ts";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import type { Receipt } from "../domain/wire/messages.ts";
import { agentSubject } from "../domain/wire/subjects.ts";
import type { Logger } from "../log.ts";
import { atMost, pause } from "../waiting.ts";
import type { Link } from "./link.ts";

export type ReceiptFacts = Pick<Receipt, "command_id" | "state" | "route" | "run" | "task" | "detail">;

export interface ReceiptQueue {
  /** From now on, receipts for this order name this token. */
  noteToken(commandId: string, token: string): void;
  /** Queues a receipt. It is stored after the earlier ones are stored or have failed for good. */
  write(facts: ReceiptFacts): void;
  /**
   * Queues a receipt `injected` for each order.
   * @param route the tool whose result handed them over, or the host's route
   * @param run the agent's run. If this run never shows that it has the orders, the next run gets them again; without `run`, it does not
   */
  writeHandedOver(commandIds: readonly string[], route: string, run?: string): void;
  /**
   * Waits until the queued receipts are stored, at most `graceMs`, and resolves with those that may not be. If the receipt `injected` of an
   * order is lost, the agent's next run gets the order again.
   */
  close(graceMs: number): Promise<readonly QueuedReceipt[]>;
}

export type QueuedReceipt = ReceiptFacts & Pick<Receipt, "token" | "timestamp">;

export interface ReceiptQueueOptions {
  readonly id: AgentId;
  readonly link: Pick<Link, "connected">;
  readonly now: () => Date;
  readonly log: Logger;
}

const tryAgainMs = 1_000;
/** How many tokens are remembered; the oldest are dropped. */
const mostTokens = 10_000;

export function createReceiptQueue({ id, link, now, log }: ReceiptQueueOptions): ReceiptQueue {
  const ending = new AbortController();
  const { signal } = ending;
  const tokens = new Map<string, string>();
  /** Those that are not stored yet, oldest first. */
  const waiting = new Set<QueuedReceipt>();
  let last = Promise.resolve();
  let trouble = "";

  /** Logs each kind of trouble once, because it may last, and the log shares the terminal with the CLI. */
  const say = (text: string) => {
    if (trouble !== text) log.warn(`receipts are not stored: ${text}`);
    trouble = text;
  };
  /** After a lost answer a receipt may be stored twice; the reducer ignores the second. */
  const store = async (receipt: QueuedReceipt) => {
    const { command_id, state } = receipt;
    while (!signal.aborted) {
      try {
        const bus = await link.connected(signal);
        await bus.publishStored(agentSubject(id, "receipt"), { agent_id: id, ...receipt });
        trouble = "";
        waiting.delete(receipt);
        return;
      } catch (error) {
        if (signal.aborted) break;
        say(messageOf(error));
        if (error instanceof CliaiError && neverStored.has(error.code)) {
          waiting.delete(receipt);
          return;
        }
        await pause(tryAgainMs, signal);
      }
    }
    log.debug(`the receipt (${state}) of ${command_id} may not be stored`);
  };
  const write = (facts: ReceiptFacts) => {
    const token = tokens.get(facts.command_id);
    const receipt = { ...facts, ...definedOf({ token }), timestamp: now().toISOString() };
    waiting.add(receipt);
    last = last.then(() => store(receipt));
  };

  return {
    noteToken(commandId, token) {
      tokens.delete(commandId);
      tokens.set(commandId, token);
      const [oldest] = tokens.keys();
      if (tokens.size > mostTokens && oldest !== undefined) tokens.delete(oldest);
    },
    write,
    writeHandedOver(commandIds, route, run) {
      const facts = { state: "injected", route, ...definedOf({ run }) } as const;
      for (const command_id of commandIds) write({ command_id, ...facts });
    },
    async close(graceMs) {
      await atMost(graceMs, last);
      ending.abort();
      return [...waiting];
    },
  };
}

/** @param tokens the tokens of orders, by `command_id` */
export function noteTokens(
  receipts: Pick<ReceiptQueue, "noteToken">,
  tokens: Readonly<Record<string, string>>,
): void {
  for (const [id, token] of Object.entries(tokens)) receipts.noteToken(id, token);
}

/** Errors that would come again at every try, so the receipt is dropped. */
const neverStored: ReadonlySet<string> = new Set(["payload_too_large", "refused"]);
