// Hands one item of the inbox to the session: by the first route that takes it, until its time is up or something keeps it.
import type { ReceiptFacts } from "../../agent-link/receipt-queue.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { Logger } from "../../log.ts";
import { pause } from "../../waiting.ts";
import type { Evidence } from "./evidence.ts";
import { type HandedItem, renderItem } from "./item-text.ts";
import type { TextHold } from "./text-hold.ts";

/** One way to bring words into the running session. */
export interface Route {
  /** The name in receipts. */
  readonly name: string;
  /**
   * Resolves with whether the CLI has taken the text. False means that the route is not open now, and that nothing was handed over.
   * @param signal aborts when the text must not be given any more
   * @param onWait called with why the text has to wait, if that is known; with "" once that is over
   * @param id the id of the order that has the text
   */
  give(text: string, signal: AbortSignal, onWait: (why: string) => void, id?: string): Promise<boolean>;
  /** Whether the route may open within a moment, though it took nothing now. Default: it does not. */
  mayOpen?(): boolean;
}

export interface HandingOptions {
  readonly routes: readonly Route[];
  /** The routes among them that are tried first for an operator's order. */
  readonly operatorFirst?: readonly Route[];
  /** What keeps items from the session. Whoever lets them go must call `nudge`. */
  readonly hold: Pick<TextHold, "why" | "noteGiven">;
  /** Queues a receipt. Receipts are stored in the order in which they were queued. */
  readonly writeReceipt: (receipt: ReceiptFacts) => void;
  readonly now: () => Date;
  readonly log: Logger;
  readonly evidence: Pick<Evidence, "expect" | "forget">;
  readonly onWait: (why: string) => void;
  /** Aborts when the session ends. */
  readonly signal: AbortSignal;
}

export interface Handing {
  /** Tries to hand the item over until it expires or the session ends. Resolves with false if something keeps it: then it is handed over later. */
  hand(item: HandedItem): Promise<boolean>;
  /** How long the item may still wait; less than 0 if its time is up. */
  leftMsOf(item: HandedItem): number;
}

/** How long an operator's order waits for a route that carries the operator's authority and may open within a moment. */
const operatorFirstForMs = 2_000;
const operatorFirstEveryMs = 100;
/** The pause before the routes are tried again for an item that none took, and before the inbox is read again. */
export const tryAgainMs = 1_000;
/** As long as the stream COMMANDS keeps an order. */
export const longestTimerMs = 7 * 86_400_000;

export function createHanding(options: HandingOptions): Handing {
  const { routes, operatorFirst = [], hold, evidence, writeReceipt, onWait, signal, now, log } = options;
  const giveBy = async (route: Route, item: HandedItem, until: AbortSignal): Promise<boolean> => {
    // Call `expect` first, because the evidence can come before `route.give` has resolved.
    const onQueued = evidence.expect(item.id, item.type, item);
    try {
      if (await route.give(renderItem(item), until, onWait, item.id)) {
        writeReceipt({ command_id: item.id, state: "injected", route: route.name });
        onQueued();
        hold.noteGiven(item);
        return true;
      }
    } catch (error) {
      log.info(`${route.name} did not take ${item.id}: ${messageOf(error)}`);
    }
    evidence.forget(item.id);
    return false;
  };
  /** Tries the routes until one takes the item, or the signal aborts, or something keeps the item. Resolves with whether one took it. */
  const giveUntil = async (item: HandedItem, until: AbortSignal): Promise<boolean> => {
    const first = item.origin === "operator" ? operatorFirst : [];
    const deadline = performance.now() + operatorFirstForMs;
    const tryAll = async (some: readonly Route[]) => {
      for (const route of some)
        if (!until.aborted && hold.why(item) === undefined && (await giveBy(route, item, until))) return true;
      return false;
    };
    while (!until.aborted && hold.why(item) === undefined) {
      if (await tryAll(first)) return true;
      if (performance.now() < deadline && first.some((route) => route.mayOpen?.() === true)) {
        await pause(operatorFirstEveryMs, until);
        continue;
      }
      if (await tryAll(routes)) return true;
      await pause(tryAgainMs, until);
    }
    return false;
  };
  const leftMsOf = ({ expires_at }: HandedItem) =>
    expires_at === undefined ? longestTimerMs : Date.parse(expires_at) - now().getTime();
  return {
    leftMsOf,
    async hand(item) {
      log.debug(`${item.type} ${item.id} waits for a route into the session`);
      const leftMs = leftMsOf(item);
      const over = new AbortController();
      const abort = () => over.abort();
      const timer = setTimeout(abort, Math.min(Math.max(0, leftMs), longestTimerMs));
      signal.addEventListener("abort", abort, { once: true });
      if (leftMs <= 0 || signal.aborted) abort();
      const isGiven = await giveUntil(item, over.signal);
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      if (!isGiven && !over.signal.aborted) return false;
      onWait("");
      if (isGiven || signal.aborted) return true;
      const detail = "no route into the session took it in time";
      writeReceipt({ command_id: item.id, state: "expired", detail });
      return true;
    },
  };
}
