// The orders that agents get at a usage limit and after it, in the name of cliai. Each is given once, because its id follows from what it is about.
import type { AgentRecord } from "../../domain/fleet/agent-record.ts";
import { holderName } from "../../domain/holding/hold.ts";
import type { AccountLimit, LimitFailure } from "../../domain/limits/account-limit.ts";
import { failedSince, goOnId, goOnTask } from "../../domain/limits/go-on.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Bus } from "../../nats/bus.ts";
import type { FleetState } from "../fleet/fleet-state.ts";
import { takes } from "../order-target.ts";
import { type OrderRequest, storeCommand } from "../send-command.ts";

export interface LimitOrdersOptions {
  readonly fleet: FleetState;
  /** Resolves when all orders that are stored by now are in the agent's record. */
  readonly readAll: (id: AgentId) => Promise<unknown>;
  readonly now: () => Date;
}

export interface LimitOrders {
  /**
   * Gives the agent a task to go on where its turn has failed, if it is online.
   * @param since when the first turn of its account has failed at the limit
   */
  goOn(id: AgentId, failure: LimitFailure, since?: string): Promise<void>;
  /** Stops the agent at the limit. */
  stop(id: AgentId, limit: AccountLimit): Promise<void>;
}

export function createLimitOrders(bus: Bus, { fleet, readAll, now }: LimitOrdersOptions): LimitOrders {
  const give = async (
    record: AgentRecord,
    order: Omit<OrderRequest, "id" | "from"> & { command_id: string },
  ) => {
    const { agent_id: id, commands } = record;
    if (commands.some(({ command_id }) => command_id === order.command_id)) return;
    if (!takes(order.type, record, now())) return;
    await storeCommand(bus, { ...order, id, from: holderName }, now(), record);
    await readAll(id);
  };
  return {
    async goOn(id, failure, since = failure.at) {
      const [record, view] = [fleet.record(id), fleet.get(id)];
      if (record === undefined || view?.axes.link.value !== "online") return;
      const text = goOnTask(failedSince(record.commands, since), view.task.text);
      await give(record, { type: "task", text, command_id: goOnId(failure) });
    },
    async stop(id, { failed_at, resets_at }) {
      const record = fleet.record(id);
      const reason = `usage limit${resets_at === undefined ? "" : ` until ${resets_at}`}`;
      const command_id = `limit-stop-${Date.parse(failed_at)}`;
      if (record !== undefined) await give(record, { type: "stop", reason, command_id });
    },
  };
}
