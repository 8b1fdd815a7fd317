// Follows the receipts of a task until it is over.
import { isFinal, type ReceiptEntry } from "../domain/receipts.ts";
import { CliaiError } from "../domain/text/errors.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import type { Server } from "../server/server.ts";

export interface FollowedTask {
  readonly id: AgentId;
  readonly commandId: string;
  readonly fleet: Pick<Server["fleet"], "get" | "onChange">;
  /** Called with each receipt, once. */
  readonly onReceipt: (receipt: ReceiptEntry) => void;
  readonly signal: AbortSignal;
}

const lookEveryMs = 1_000;

/**
 * Resolves with the task's final receipt.
 * @throws CliaiError `agent_unknown` if the agent is removed meanwhile; `order_unknown` if its record has dropped the task, which it may do
 * when the task is over; `interrupted` if the signal aborts
 */
export async function untilTaskIsOver(task: FollowedTask): Promise<ReceiptEntry> {
  const { id, commandId, fleet, onReceipt, signal } = task;
  const over = Promise.withResolvers<ReceiptEntry>();
  const told = new Set<string>();
  let wasKnown = false;
  const look = () => {
    const agent = fleet.get(id);
    if (agent === undefined) {
      over.reject(new CliaiError("agent_unknown", `${id} was removed`));
      return;
    }
    const command = agent.commands.find(({ command_id }) => command_id === commandId);
    if (command === undefined && wasKnown) {
      over.reject(new CliaiError("order_unknown", `${id} does not know the task any more`));
    }
    wasKnown ||= command !== undefined;
    for (const receipt of command?.receipts ?? []) {
      if (told.has(receipt.state)) continue;
      told.add(receipt.state);
      onReceipt(receipt);
      if (isFinal(receipt.state)) over.resolve(receipt);
    }
  };
  const interrupt = () =>
    over.reject(
      new CliaiError(
        "interrupted",
        "this peer is no longer served; the task goes on, and is not answered here",
      ),
    );
  const stopListening = fleet.onChange(({ ids }) => {
    if (ids.includes(id)) look();
  });
  const looking = setInterval(look, lookEveryMs);
  signal.addEventListener("abort", interrupt, { once: true });
  try {
    if (signal.aborted) interrupt();
    else look();
    return await over.promise;
  } finally {
    stopListening();
    clearInterval(looking);
    signal.removeEventListener("abort", interrupt);
  }
}
