// Takes from the server what waits in the agent's inbox, and the open tasks that the same session had in an earlier run.
import type { ReceiptQueue } from "../../agent-link/receipt-queue.ts";
import type { ToolCaller } from "../../agent-link/tool-call.ts";
import { checkMessage } from "../../domain/wire/decode.ts";
import type { DeliveryOptions } from "./delivery.ts";
import { HandoutSchema, type OpenTask, readHandout } from "./item-text.ts";

export interface TakeItemsOptions {
  readonly call: ToolCaller;
  readonly receipts: Pick<ReceiptQueue, "noteToken">;
  /** This run of the agent. */
  readonly instanceId: string;
  /** The session of this run; undefined while it is not known. */
  readonly sessionId: () => string | undefined;
}

/** The types to take. The others are control orders, which come over NATS to `startSteering`. */
const types = ["task", "message"];

export function createTakeItems(options: TakeItemsOptions): DeliveryOptions["takeItems"] {
  const { call, receipts, instanceId, sessionId } = options;
  /** Whether the session had the task in an earlier run. `goes_on`: the server knows already that this run continues it. */
  const isOfEarlierRun = ({ run, session_id, goes_on }: OpenTask) =>
    run === instanceId ? goes_on === true : session_id !== undefined && session_id === sessionId();

  return async (signal) => {
    const { isError, text, result } = await call("take_orders", { types }, signal);
    if (isError) throw new Error(text);
    const { openTasks, ...handout } = readHandout(checkMessage(HandoutSchema, result));
    const earlier = openTasks.filter(isOfEarlierRun);
    for (const { command_id, token } of earlier) {
      if (token !== undefined) receipts.noteToken(command_id, token);
    }
    return { ...handout, earlierTasks: earlier.map(({ command_id, token }) => ({ id: command_id, token })) };
  };
}
