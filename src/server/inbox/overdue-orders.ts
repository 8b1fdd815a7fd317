// Writes the receipt `expired` for orders that nobody took in time, for agents that never return. A host or bridge that takes an expired
// order writes the receipt itself. Only the leader does it here, 30 s late, so that a receipt of the last moment comes first.
import type { AgentRecord } from "../../domain/fleet/agent-record.ts";
import { type CommandRecord, isSameOrder, isWaiting, namesOf, waitsUntilMs } from "../../domain/receipts.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { Receipt } from "../../domain/wire/messages.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import type { FleetState } from "../fleet/fleet-state.ts";
import type { Lease } from "../lease.ts";
import { forEach } from "./for-each.ts";
import type { Holds } from "./holds.ts";
import type { OrderEnds } from "./order-ends.ts";

const lookEveryMs = 1_000;
/** Time for a receipt that is on its way, and for a difference between clocks. */
export const graceMs = 30_000;

export interface OverdueOrdersOptions {
  readonly bus: Pick<Bus, "isConnected">;
  readonly fleet: FleetState;
  readonly lease: Lease;
  readonly holds: Pick<Holds, "isFree">;
  readonly orderEnds: OrderEnds;
  readonly now: () => Date;
  readonly log: Logger;
}

/** Returns a function that ends it. */
export function expireOverdue(options: OverdueOrdersOptions): () => void {
  const { bus, fleet, lease, holds, orderEnds, now, log } = options;
  const overdueOf = ({ agent_id, commands }: AgentRecord): CommandRecord[] =>
    commands.filter(
      (command) =>
        isWaiting(command) &&
        !isBegun(command) &&
        waitsUntilMs(command) + graceMs <= now().getTime() &&
        holds.isFree(agent_id, command),
    );
  const expire = async ({ agent_id: id }: AgentRecord) => {
    const due = fleet.record(id);
    for (const order of due === undefined ? [] : overdueOf(due)) {
      // Look again, because this serve may have been suspended while the order was taken.
      await orderEnds.store(id, () => {
        const record = fleet.record(id);
        if (record === undefined || !lease.isLeader()) return undefined;
        const command = overdueOf(record).find((each) => isSameOrder(each, order));
        return command && expiredReceipt(command, now());
      });
    }
  };
  let isLooking = false;
  const timer = setInterval(async () => {
    if (isLooking || !bus.isConnected() || !lease.isLeader()) return;
    isLooking = true;
    try {
      const due = fleet.records().filter((record) => overdueOf(record).length > 0);
      await forEach(due.toArray(), expire);
    } catch (error) {
      log.debug(`overdue orders are not ended yet: ${messageOf(error)}`);
    }
    isLooking = false;
  }, lookEveryMs);
  return () => clearInterval(timer);
}

/** A control order that was delivered does not expire, because a long tool call may pass before it takes effect. */
function isBegun({ type, receipts }: CommandRecord): boolean {
  const isDelivered = receipts.some(({ state }) => state === "delivered");
  return isDelivered && type !== "task" && type !== "message";
}

/** The receipt of an order that waited too long. */
export function expiredReceipt(
  command: CommandRecord,
  now: Date,
): Pick<Receipt, "command_id" | "token" | "state" | "detail" | "timestamp"> {
  return {
    ...namesOf(command),
    state: "expired",
    detail: `it expired at ${new Date(waitsUntilMs(command)).toISOString()}`,
    timestamp: now.toISOString(),
  };
}
