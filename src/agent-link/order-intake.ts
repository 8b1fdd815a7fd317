// Takes orders from the agent's durable consumer, one after the other: stores the receipt of each, then acknowledges it. The texts of
// tasks and messages come from the server instead (check_inbox, take_orders).
import { isControl } from "../domain/receipts.ts";
import { messageOf } from "../domain/text/errors.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import { agentSubject } from "../domain/wire/subjects.ts";
import type { Logger } from "../log.ts";
import type { Bus } from "../nats/bus.ts";
import { consumeOrders, type Order } from "../nats/jetstream/follow.ts";
import { pause } from "../waiting.ts";
import { type OrderReading, readOrder, type TakenOrder } from "./read-order.ts";

const runHasEnded = { state: "failed", detail: "the run that it was for has ended" } as const;
/** After this time an order for another living run is given back, so that the other run can take it. */
const leaveToOtherAfterMs = 200;
/** A living run takes its order within this time; a run that has not taken it has ended or cannot be reached. */
const otherTakesWithinMs = 3_000;
/** How many orders are remembered: more than may wait for an acknowledgement (`max_ack_pending`). */
const mostActedKept = 10_000;
/** The pause before giving back an order whose receipt could not be stored, so that a full disk causes no busy loop. */
const giveBackAfterMs = 1_000;

export interface OrderIntake {
  /** Takes orders over this bus, and no longer over the earlier one. */
  attach(bus: Bus): void;
  /** Takes no more orders. Resolves when the order that is being taken is done. */
  stop(): Promise<void>;
}

export interface OrderIntakeOptions {
  readonly id: AgentId;
  readonly run: OwnRun;
  readonly now: () => Date;
  readonly log: Logger;
  /** Resolves with true if the agent has the order already, because the server gave it out (check_inbox, take_orders). */
  readonly wasHandedOver: (commandId: string) => Promise<boolean>;
  /** Resolves with true if the agent has acknowledged the order, so that it has its end. Default: it never has. */
  readonly wasAcknowledged?: ((commandId: string) => Promise<boolean>) | undefined;
  /**
   * Called before the receipt `delivered` is stored, so that a pause holds by the time its sender sees that receipt. Returns a function
   * that undoes this. It is called if the receipt cannot be stored, because the order is then taken later, or never.
   */
  readonly onArrival?: ((order: TakenOrder) => () => void) | undefined;
  /** Called once for each order, when its receipt is stored and the order is acknowledged. */
  readonly onOrder: (order: TakenOrder) => void;
}

/** The run of the agent for which orders are taken. */
export interface OwnRun {
  /** The run's `instance_id`; for a bridge that has replaced its host, the host's too. */
  readonly ids: readonly string[];
  /** When the run began, by `performance.now()`. */
  readonly beganMs: number;
}

type OrderReceipt = NonNullable<OrderReading["receipt"]>;

export function createOrderIntake(options: OrderIntakeOptions): OrderIntake {
  const { id, run, now, log, wasHandedOver, wasAcknowledged, onArrival, onOrder } = options;
  const ending = new AbortController();
  /** The orders that were acted on. They are remembered because an order whose acknowledgement was lost comes again. */
  const acted = new Set<string>();
  /** One function for each order that is for another run: gives it back. */
  const leaving = new Set<() => void>();
  let current: { readonly bus: Bus; stop(): Promise<void> } | undefined;

  /**
   * Decides for which run a control order is. An order that names no run is for the run that existed when it was stored. All runs of an
   * agent share one consumer. So an order that names another run, and was stored after this run began, is for a run beside this one.
   */
  const whoseOrder = async (taken: TakenOrder, order: Order): Promise<"ours" | "others" | "ended"> => {
    if (!isControl(taken.type) || (taken.run !== undefined && run.ids.includes(taken.run))) return "ours";
    const ageMs = await order.ageMs();
    const isOlder = ageMs > performance.now() - run.beganMs;
    if (taken.run === undefined) return isOlder ? "ended" : "ours";
    return isOlder || ageMs > otherTakesWithinMs ? "ended" : "others";
  };
  const leaveToOther = (bus: Bus, order: Order) => {
    const giveBack = () => {
      clearTimeout(timer);
      leaving.delete(giveBack);
      if (current?.bus === bus) order.giveBack();
    };
    const timer = setTimeout(giveBack, leaveToOtherAfterMs);
    leaving.add(giveBack);
  };
  /** An item that the server gave out in time does not expire if its order comes late. */
  const unlessHandedOver = async (receipt: OrderReceipt): Promise<OrderReceipt> => {
    const { command_id, state, detail: _, ...names } = receipt;
    if (state !== "expired" || !(await wasHandedOver(command_id))) return receipt;
    return { ...names, command_id, state: "delivered" };
  };
  const take = async (bus: Bus, order: Order) => {
    const { receipt, order: taken, problem } = readOrder(order, now());
    if (problem !== undefined) log.warn(`order ${order.seq} on ${order.subject}: ${problem}`);
    if (receipt === undefined || acted.has(keyOf(receipt))) return await order.ack();
    const whose = taken === undefined ? "ours" : await whoseOrder(taken, order);
    if (whose === "others") return leaveToOther(bus, order);
    const isOurs = whose === "ours";
    // The agent may remember an order of its earlier run, and acknowledge it in this one.
    if (!isOurs && (await wasAcknowledged?.(receipt.command_id)) === true) return await order.ack();
    const facts = isOurs ? await unlessHandedOver(receipt) : { ...receipt, ...runHasEnded };
    const undo = taken !== undefined && isOurs ? onArrival?.(taken) : undefined;
    try {
      const said = { agent_id: id, ...facts, timestamp: now().toISOString() };
      await bus.publishStored(agentSubject(id, "receipt"), said, { trace: order.trace });
    } catch (error) {
      undo?.();
      throw error;
    }
    try {
      await order.ack();
    } finally {
      // Act even if the acknowledgement failed: it may have arrived, and then the order does not come again.
      if (taken !== undefined && isOurs && !acted.has(keyOf(taken))) {
        noteActed(taken);
        onOrder(taken);
      }
    }
  };
  const noteActed = (taken: TakenOrder) => {
    acted.add(keyOf(taken));
    const [oldest] = acted;
    if (acted.size > mostActedKept && oldest !== undefined) acted.delete(oldest);
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
  const line = createLine();
  const detach = () => {
    // Not awaited, because it may wait for a server that is gone; then it ends by a timeout.
    void current?.stop();
    current = undefined;
  };

  return {
    attach(bus) {
      if (current?.bus === bus || ending.signal.aborted) return;
      detach();
      const onOrder = (order: Order) => line.add(order.seq, () => takeOrGiveBack(bus, order));
      current = { bus, stop: consumeOrders(bus, id, onOrder, log).stop };
    },
    stop() {
      ending.abort();
      for (const giveBack of leaving) giveBack();
      detach();
      return line.settled();
    },
  };
}

/** Takes orders one after the other. Ignores a copy of an order that still waits here, because JetStream delivers an order again if taking it lasts long. */
function createLine() {
  const inHand = new Set<number>();
  let last = Promise.resolve();
  return {
    add(seq: number, take: () => Promise<void>) {
      if (inHand.has(seq)) return;
      inHand.add(seq);
      last = last.then(take).finally(() => inHand.delete(seq));
    },
    settled: () => last,
  };
}

/** The key of an order: its token if it has one, because after a while another order may come with the same id. */
function keyOf({ command_id, token }: Pick<OrderReceipt, "command_id" | "token">): string {
  return token ?? command_id;
}
