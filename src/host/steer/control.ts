// This room steers the session: pause, resume and stop.
//
// Passes each control order to `pauses` or `stops`, which carry it out.
import { isStop, type TakenOrder } from "../../agent-link/read-order.ts";
import type { ReceiptQueue } from "../../agent-link/receipt-queue.ts";
import type { Pauses } from "./pauses.ts";
import type { Stops } from "./stops.ts";

export interface Control {
  /** An order has arrived, and no receipt is written yet. A pause holds tool calls from here on. Returns a function that undoes it. */
  arrived(order: TakenOrder): () => void;
  take(order: TakenOrder): void;
  /** The turn has ended. Something may still run in the background. */
  turnEnded(): void;
  /** No turn runs, and nothing in the background. */
  quiet(): void;
  /** The stop that is being carried out: the first one, or a later one with `force`. */
  stop(): TakenOrder | undefined;
  /** Whether a stop cuts off the turn that runs. Its end then is not the end of its tasks. */
  isCuttingOff(): boolean;
  /** The CLI has ended; `how` says how. Resolves when the final receipt of every control order is queued. */
  ended(how: string): Promise<void>;
}

export interface ControlOptions {
  readonly pauses: Pauses;
  readonly stops: Stops;
  readonly receipts: Pick<ReceiptQueue, "write">;
}

export function createControl({ pauses, stops, receipts }: ControlOptions): Control {
  return {
    arrived: (order) =>
      order.type === "pause" && stops.endedHow() === undefined ? pauses.hold(order) : () => undefined,
    take(order) {
      const { command_id, type } = order;
      const endedHow = stops.endedHow();
      if (isStop(order)) stops.take(order);
      else if (endedHow !== undefined) {
        const detail = `the session has ended: ${endedHow}`;
        receipts.write({ command_id, state: "failed", route: "hook", detail });
      } else if (type === "pause") void pauses.pause(order);
      else if (type === "resume") void pauses.resume(order);
    },
    turnEnded: pauses.turnEnded,
    quiet: stops.quiet,
    stop: stops.stop,
    isCuttingOff: stops.isCuttingOff,
    async ended(how) {
      await stops.ended(how);
      pauses.fail(`the session has ended: ${how}`);
    },
  };
}
