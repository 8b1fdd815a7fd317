// Takes what the agent is told off its durable consumer, in order: writes down the receipt of each, then acknowledges it.
// Handing commands to the model is the server's business (check_inbox).
import type { AgentId } from "../domain/agent-id.ts";
import { messageOf } from "../domain/errors.ts";
import { receiptMessageId } from "../domain/receipts.ts";
import { agentSubject } from "../domain/subjects.ts";
import type { Logger } from "../log.ts";
import type { Bus } from "../nats/bus.ts";
import { consumeOrders, type Order } from "../nats/follow.ts";
import { pause } from "./pause.ts";
import { type OrderReading, readOrder, type TakenOrder } from "./read-order.ts";

/** Before an order is given back whose receipt could not be stored: a full disk must not make a busy loop. */
const giveBackAfterMs = 1_000;

export interface OrderIntake {
  /** Begins on this bus, and ends on the one before. */
  attach(bus: Bus): void;
  /** Takes no more; resolves when what was being taken is. */
  stop(): Promise<void>;
}

export interface OrderIntakeOptions {
  readonly id: AgentId;
  readonly now: () => Date;
  readonly log: Logger;
  /** Whether the agent has it already, by its inbox. */
  readonly wasGiven: (commandId: string) => Promise<boolean>;
  /** Called when the receipt is stored and the order acknowledged; not with one that an earlier run of the agent took. */
  readonly onOrder: (order: TakenOrder) => void;
}

export function createOrderIntake({ id, now, log, wasGiven, onOrder }: OrderIntakeOptions): OrderIntake {
  const ending = new AbortController();
  /** The ids of which this bridge has tried to store the receipt. */
  const tried = new Set<string>();
  /** Those that it has acted on: one whose acknowledgement was lost comes again. */
  const acted = new Set<string>();
  let current: { readonly bus: Bus; stop(): Promise<void> } | undefined;
  let last = Promise.resolve();

  /** Whether this run of the agent is the one that has it. */
  const storeReceipt = async (bus: Bus, receipt: NonNullable<OrderReading["receipt"]>) => {
    const { command_id, state } = receipt;
    const isFirstTry = !tried.has(command_id);
    tried.add(command_id);
    const { duplicate } = await bus.publishStored(
      agentSubject(id, "receipt"),
      { agent_id: id, ...receipt, timestamp: now().toISOString() },
      { id: receiptMessageId(id, command_id, state) },
    );
    // There before our first try: an earlier run took it, and ended before it could acknowledge it.
    return !(duplicate && isFirstTry);
  };
  /** What was handed over in time does not expire when the order itself is late. */
  const unlessGiven = async (receipt: NonNullable<OrderReading["receipt"]>) => {
    const { command_id, state } = receipt;
    if (state !== "expired" || !(await wasGiven(command_id))) return receipt;
    return { command_id, state: "delivered" } as const;
  };
  const take = async (bus: Bus, order: Order) => {
    const { receipt, order: taken, problem } = readOrder(order, now());
    if (problem !== undefined) log.warn(`order ${order.seq} on ${order.subject}: ${problem}`);
    const isOurs = receipt === undefined || (await storeReceipt(bus, await unlessGiven(receipt)));
    try {
      await order.ack();
    } finally {
      // The acknowledgement may have arrived and its answer not: the order does not come again, and must not be forgotten.
      if (taken !== undefined && isOurs && !acted.has(taken.command_id)) {
        acted.add(taken.command_id);
        onOrder(taken);
      }
    }
  };
  const takeOrGiveBack = async (bus: Bus, order: Order) => {
    try {
      if (!ending.signal.aborted) await take(bus, order);
    } catch (error) {
      if (ending.signal.aborted) return;
      log.warn(`order ${order.seq} is not taken yet: ${messageOf(error)}`);
      await pause(giveBackAfterMs, ending.signal);
      if (current?.bus === bus) order.giveBack();
    }
  };
  const detach = () => {
    // Not waited for: it may be asking a server that is gone, and ends when that times out.
    void current?.stop();
    current = undefined;
  };

  return {
    attach(bus) {
      if (current?.bus === bus || ending.signal.aborted) return;
      detach();
      const onOrder = (order: Order) => {
        last = last.then(() => takeOrGiveBack(bus, order));
      };
      current = { bus, stop: consumeOrders(bus, id, onOrder, log).stop };
    },
    stop() {
      ending.abort();
      detach();
      return last;
    },
  };
}
