// Keeps the asks of gates that wait, until each is answered: with its lease, or with its place when its answer is due.
import { messageOf } from "../../domain/text/errors.ts";
import type { LeaseAnswer } from "../../domain/wire/lease-messages.ts";
import type { Logger } from "../../log.ts";
import type { BusMessage } from "../../nats/bus.ts";

export interface Waiters {
  /** @param dueMs when it has to be answered, by `performance.now()` */
  add(requestId: string, message: BusMessage, dueMs: number): void;
  /** When its answer is due; infinite if nobody waits for one. */
  dueMs(requestId: string): number;
  answer(requestId: string, answer: LeaseAnswer): void;
  clear(): void;
}

export function createWaiters(log: Logger): Waiters {
  const waiters = new Map<string, { readonly message: BusMessage; readonly dueMs: number }>();
  return {
    add: (id, message, dueMs) => void waiters.set(id, { message, dueMs }),
    dueMs: (id) => waiters.get(id)?.dueMs ?? Number.POSITIVE_INFINITY,
    answer(id, answer) {
      const waiter = waiters.get(id);
      waiters.delete(id);
      if (waiter !== undefined) replyTo(waiter.message, answer, log);
    },
    clear: () => waiters.clear(),
  };
}

/** Never throws: a gate that has no answer asks again. */
export function replyTo(message: BusMessage, answer: LeaseAnswer, log: Logger): void {
  if (!message.wantsReply) return;
  try {
    message.reply(answer);
  } catch (error) {
    log.debug(`${message.subject}: ${messageOf(error)}`);
  }
}
