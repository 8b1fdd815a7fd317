// Tells the session's model that it is to stop, by the route that is open now, and writes down by which one.
import type { TakenOrder } from "../../agent-link/read-order.ts";
import type { ReceiptQueue } from "../../agent-link/receipt-queue.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { Logger } from "../../log.ts";
import { atMost } from "../../waiting.ts";
import type { Turn } from "../hear/turn.ts";
import type { Delivery } from "../routes/delivery.ts";
import type { Routes } from "../routes/routes.ts";

export interface StopTelling {
  /** `cutOff` stops the running tool. Resolves when it is told, or that took too long. */
  tell(stop: TakenOrder, cutOff: boolean): Promise<void>;
  /** Resolves when what was to be told so far is. */
  settled(): Promise<void>;
}

export interface StopTellingOptions {
  readonly delivery: Pick<Delivery, "expect">;
  readonly routes: Pick<Routes, "sayAtOnce">;
  readonly turn: Pick<Turn, "isHeld">;
  readonly receipts: Pick<ReceiptQueue, "write">;
  readonly log: Logger;
}

/** A CLI that takes nothing is to be ended all the same. */
export const tellWithinMs = 3_000;

export function createStopTelling(options: StopTellingOptions): StopTelling {
  const { delivery, routes, turn, receipts, log } = options;
  /** One after the other: the receipt of what the model was told comes before the one of its end. */
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
        .catch((error: unknown) => log.info(`${stop.command_id} is not told: ${messageOf(error)}`));
      return last;
    },
    settled: () => last,
  };
}

/** With the mark by which the session shows that it has them. */
export function stopWords({ type, command_id, from, reason }: TakenOrder): string {
  const why = reason === "" ? "" : ` (${reason})`;
  return `[cliai ${type} ${command_id}] ${from} has asked you to stop${why}. Start no other tool but cliai's own: say in one report_status what is done and what is left, then end your turn.`;
}
