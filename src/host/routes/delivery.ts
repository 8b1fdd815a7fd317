// Hands to the CLI what waits in the agent's inbox: tasks, messages, answers. One at a time and in order, each by the first
// route that takes it, and by one alone; then it looks for evidence that the session took it up.
import type { ReceiptFacts } from "../../agent-link/receipt-queue.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { Logger } from "../../log.ts";
import { pause } from "../../waiting.ts";
import { createEvidence, dropOldest, type Evidence, keyOf } from "./evidence.ts";
import { type HandedItem, renderItem } from "./item-text.ts";

/** One way of speaking to the session. */
export interface Route {
  /** As receipts name it. */
  readonly name: string;
  /**
   * Whether the CLI has taken the text; false where this way is not open now, and nothing was handed over.
   * @param onWait is told why it waits, where that is known; empty once it does not wait for that any more
   */
  give(text: string, signal: AbortSignal, onWait: (why: string) => void): Promise<boolean>;
}

export interface Delivery extends Evidence {
  /** Something may wait. */
  nudge(): void;
  stop(): void;
}

export interface Waiting {
  /** Held for this session by the server, which gives them again until their receipts are there. */
  readonly items: readonly HandedItem[];
  /** How many more there are; some of them may be held by another call for a moment. */
  readonly stillWaiting: number;
  /** Tasks that this session had in an earlier run, and of which nobody has said what became of them. */
  readonly earlierTasks: readonly Pick<HandedItem, "id" | "token">[];
}

export interface DeliveryOptions {
  readonly routes: readonly Route[];
  readonly takeItems: (signal: AbortSignal) => Promise<Waiting>;
  /** Told why what waits is not handed over now, at each change; empty when nothing is in its way any more. */
  readonly onWait?: (why: string) => void;
  /** Queues a receipt: they are stored in the order in which they were queued. */
  readonly writeReceipt: (receipt: ReceiptFacts) => void;
  readonly now: () => Date;
  readonly log: Logger;
}

/** Before the routes are tried again for what none of them took, and before the inbox is looked at again. */
const tryAgainMs = 1_000;
/** A timer cannot be set for longer than 24 days. */
const longestTimerMs = 7 * 86_400_000;

export function createDelivery(options: DeliveryOptions): Delivery {
  const { routes, takeItems, writeReceipt, onWait = () => undefined, now, log } = options;
  const ending = new AbortController();
  const { signal } = ending;
  /** Done with: given again while the receipt is on its way, they are passed over. */
  const done = new Set<string>();
  const evidence = createEvidence(writeReceipt);
  let isRunning = false;
  let isNudged = false;

  const giveBy = async (route: Route, item: HandedItem, until: AbortSignal): Promise<boolean> => {
    // Watched before it is given: the evidence can be there before the way of giving it has returned.
    const onQueued = evidence.expect(item.id, item.type);
    try {
      if (await route.give(renderItem(item), until, onWait)) {
        writeReceipt({ command_id: item.id, state: "injected", route: route.name });
        onQueued();
        return true;
      }
    } catch (error) {
      log.info(`${route.name} did not take ${item.id}: ${messageOf(error)}`);
    }
    evidence.forget(item.id);
    return false;
  };
  /** Until some route takes it, or the signal aborts. Whether one did. */
  const giveUntil = async (item: HandedItem, until: AbortSignal): Promise<boolean> => {
    while (!until.aborted) {
      for (const route of routes) {
        if (await giveBy(route, item, until)) return true;
        if (until.aborted) return false;
      }
      await pause(tryAgainMs, until);
    }
    return false;
  };
  /** Until some route takes it, or its time is up, or the session is over. */
  const hand = async (item: HandedItem) => {
    log.debug(`${item.type} ${item.id} waits for a way into the session`);
    const leftMs =
      item.expires_at === undefined ? longestTimerMs : Date.parse(item.expires_at) - now().getTime();
    const over = new AbortController();
    const abort = () => over.abort();
    const timer = setTimeout(abort, Math.min(Math.max(0, leftMs), longestTimerMs));
    signal.addEventListener("abort", abort, { once: true });
    if (leftMs <= 0 || signal.aborted) abort();
    const isGiven = await giveUntil(item, over.signal);
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
    onWait("");
    if (isGiven || signal.aborted) return;
    const detail = "the session took it by no way in time";
    writeReceipt({ command_id: item.id, state: "expired", detail });
  };
  /** Whether there may be more at once. */
  const handOut = async ({ items, stillWaiting, earlierTasks }: Waiting): Promise<boolean> => {
    for (const task of earlierTasks) if (!done.has(keyOf(task))) evidence.noteEarlierTask(task);
    const fresh = items.filter((item) => !done.has(keyOf(item)));
    for (const item of fresh) {
      await hand(item);
      if (signal.aborted) return false;
      done.add(keyOf(item));
      dropOldest(done);
    }
    if (fresh.length === 0 && items.length + stillWaiting > 0) await pause(tryAgainMs, signal);
    return items.length + stillWaiting > 0;
  };
  const run = async () => {
    while (isNudged && !signal.aborted) {
      isNudged = false;
      try {
        if (await handOut(await takeItems(signal))) isNudged = true;
      } catch (error) {
        log.info(`what waits is not to be had yet: ${messageOf(error)}`);
        isNudged = true;
        await pause(tryAgainMs, signal);
      }
    }
    isRunning = false;
  };

  return {
    ...evidence,
    nudge() {
      isNudged = true;
      if (isRunning) return;
      isRunning = true;
      void run();
    },
    stop: () => ending.abort(),
  };
}
