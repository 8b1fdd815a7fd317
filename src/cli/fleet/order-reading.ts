// Reads what the server knows about one order, for a command that waits for the order's receipts.
import type { OrderType } from "../../domain/receipts.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { noMoreReceipts } from "../../server/order-outlook.ts";
import type { KnownOrder } from "../../server/send-and-watch.ts";
import type { FleetReader } from "./fleet-reading.ts";

export interface ReadOrder {
  readonly agent_id: AgentId;
  readonly command_id: string;
  readonly type: OrderType;
}

/** Returns a function that resolves with the order's receipts, or with undefined for an agent that nobody knows. */
export function orderReader(
  fleet: Pick<FleetReader, "find">,
  { agent_id, command_id, type }: ReadOrder,
): () => Promise<KnownOrder | undefined> {
  return async () => {
    const read = await fleet.find(agent_id);
    if (read === undefined) return undefined;
    const command = read.record.commands.find((each) => each.command_id === command_id);
    const over = noMoreReceipts(read.record, type, read.now);
    return { receipts: command?.receipts ?? [], over };
  };
}
