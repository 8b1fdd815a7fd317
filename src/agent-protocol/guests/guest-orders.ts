// Takes a guest's orders from its durable consumer. Its tasks are only acknowledged here: they wait in its record. Everything else is refused,
// because the agent protocol has no such order.
import { readOrder, type TakenOrder } from "../../agent-link/read-order.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { decodeOrder } from "../../domain/wire/decode-order.ts";
import type { Receipt } from "../../domain/wire/messages.ts";
import { agentSubject } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import { consumeOrders, type Order } from "../../nats/jetstream/follow.ts";
import { pause } from "../../waiting.ts";

export interface GuestOrdersOptions {
  readonly id: AgentId;
  /** The connection of the fleet's account. */
  readonly bus: Bus;
  readonly now: () => Date;
  readonly log: Logger;
}

/** The pause before giving back an order whose receipt could not be stored. */
const giveBackAfterMs = 1_000;

export function takeGuestOrders({ id, bus, now, log }: GuestOrdersOptions): { stop(): Promise<void> } {
  const ending = new AbortController();
  let last: Promise<void> = Promise.resolve();
  const take = async (order: Order) => {
    const receipt = receiptFor(order, now());
    if (receipt !== undefined) {
      const said = { agent_id: id, ...receipt, timestamp: now().toISOString() };
      await bus.publishStored(agentSubject(id, "receipt"), said, { trace: order.trace });
    }
    await order.ack();
  };
  const takeOrGiveBack = async (order: Order) => {
    if (ending.signal.aborted) return;
    try {
      await take(order);
    } catch (error) {
      log.warn(`order ${order.seq} is not taken yet: ${messageOf(error)}`);
      await pause(giveBackAfterMs, ending.signal);
      if (bus.isConnected()) order.giveBack();
    }
  };
  const consuming = consumeOrders(
    bus,
    id,
    (order) => {
      last = last.then(() => takeOrGiveBack(order));
    },
    log,
  );
  return {
    async stop() {
      ending.abort();
      await consuming.stop();
      await last;
    },
  };
}

type OrderReceipt = Pick<Receipt, "command_id" | "token" | "state" | "detail">;

/** Undefined for a task that a guest can take, and for what cannot be named in a receipt. */
function receiptFor(order: Order, now: Date): OrderReceipt | undefined {
  const { receipt, order: taken } = readOrder(order, now);
  if (receipt === undefined || taken === undefined) return receipt; // malformed, or expired
  if (taken.type === "task") return undefined;
  // The guest has it by the call with which its question was asked.
  if (isAnswer(order)) return receipt;
  return { ...receipt, state: "refused", detail: refusalOf(taken.type) };
}

function isAnswer(order: Order): boolean {
  const decoded = decodeOrder(order);
  return decoded?.type === "message" && decoded.message.kind === "answer";
}

/** Why a guest takes no order of this type. */
export function refusalOf(type: TakenOrder["type"]): string {
  if (type === "message") return "the agent protocol has no messages: give it a task";
  const word = type === "shutdown" ? "stop" : type;
  return `the agent protocol has no ${word}: do that where the agent runs`;
}
