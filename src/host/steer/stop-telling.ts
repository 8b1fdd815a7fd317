// Tells the session's model to stop, by the route that is open now, and writes the receipt with that route.
import type { TakenOrder } from "../../agent-link/read-order.ts";
import type { ReceiptQueue } from "../../agent-link/receipt-queue.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { Logger } from "../../log.ts";
import { atMost } from "../../waiting.ts";
import type { Turn } from "../hear/turn.ts";
import type { Delivery } from "../routes/delivery.ts";
import type { Routes } from "../routes/routes.ts";

export interface StopTelling {
  /** Tells the model. `cutOff` also interrupts the running tool. Resolves when the model is told, or after `tellWithinMs`. */
  tell(stop: TakenOrder, cutOff: boolean): Promise<void>;
  /** Resolves when all calls of `tell` so far have resolved. */
  settled(): Promise<void>;
}

export interface StopTellingOptions {
  readonly delivery: Pick<Delivery, "expect">;
  readonly routes: Pick<Routes, "sayAtOnce">;
  readonly turn: Pick<Turn, "isHeld">;
  readonly receipts: Pick<ReceiptQueue, "write">;
  readonly log: Logger;
}

/** Limited, because a CLI that takes no text must be ended all the same. */
export const tellWithinMs = 3_000;

export function createStopTelling(options: StopTellingOptions): StopTelling {
  const { delivery, routes, turn, receipts, log } = options;
  /** The last call of `tell`. They run one after the other, so that the receipt `injected` is written before the final one. */
  let last = Promise.resolve();

  const say = async (stop: TakenOrder, cutOff: boolean) => {
    const { command_id } = stop;
    const onQueued = delivery.expect(command_id, stop.type);
    const route = await routes.sayAtOnce(stopWords(stop), cutOff);
    if (route !== "hook" || turn.isHeld()) receipts.write({ command_id, state: "injected", route });
    onQueued();
  };
  return {
    tell(stop, cutOff) {
      last = last
        .then(() => atMost(tellWithinMs, say(stop, cutOff)))
        .catch((error: unknown) =>
          log.info(`${stop.command_id} could not be told to the model: ${messageOf(error)}`),
        );
      return last;
    },
    settled: () => last,
  };
}

/** The text for the model. It begins with the mark by which `createEvidence` finds it in the conversation. */
export function stopWords({ type, command_id, from, reason }: TakenOrder): string {
  const why = reason === "" ? "" : ` (${reason})`;
  return `[cliai ${type} ${command_id}] ${from} has asked you to stop${why}. Start no other tool but cliai's own: say in one report_status what is done and what is left, then end your turn.`;
}
