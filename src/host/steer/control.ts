// This room steers the session: pause, resume and stop.
//
// The orders that steer a running session: each goes to what carries it out.
import { isStop, type TakenOrder } from "../../agent-link/read-order.ts";
import type { ReceiptQueue } from "../../agent-link/receipt-queue.ts";
import type { Pauses } from "./pauses.ts";
import type { Stops } from "./stops.ts";

export interface Control {
  /** An order is there, and nobody has been told so yet: a pause holds from here on. Returns the way to undo that. */
  arrived(order: TakenOrder): () => void;
  take(order: TakenOrder): void;
  /** No turn runs; something may in the background. */
  turnEnded(): void;
  /** Nothing of the agent runs. */
  quiet(): void;
  /** The stop that the session ends by: the hardest that came. */
  stop(): TakenOrder | undefined;
  /** The CLI has ended, in these words. Resolves when what became of every order is written down, or queued. */
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
    async ended(how) {
      await stops.ended(how);
      pauses.fail(`the session has ended: ${how}`);
    },
  };
}
