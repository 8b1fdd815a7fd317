// Hands the CLI what waits in the agent's inbox: tasks, messages, answers. It does so in order, one at a time, each by the first
// route that takes it and by no other. Then `createEvidence` looks for evidence that the model has it.
import type { ReceiptFacts } from "../../agent-link/receipt-queue.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { Logger } from "../../log.ts";
import { pause } from "../../waiting.ts";
import { createEvidence, type Evidence } from "./evidence.ts";
import { dropOldest, type HandedItem, keyOf, renderItem } from "./item-text.ts";

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

export interface Delivery extends Omit<Evidence, "forgetConversation"> {
  /**
   * The session has begun another conversation. Orders of the last conversation are handed over again if there is no evidence that the
   * model had them. Returns the ids of the tasks that the model had.
   */
  leaveConversation(): readonly string[];
  /**
   * Resolves with true if the server has handed the order out to this session. Such an order must not be reported as expired later. Waits first
   * for the answer that may still hand it out.
   */
  hasTaken(commandId: string): Promise<boolean>;
  /** Something may wait in the inbox: looks, and hands it over. */
  nudge(): void;
  stop(): void;
}

export interface Waiting {
  /** The items that the server has reserved for this session. It returns them again until it has their receipts. */
  readonly items: readonly HandedItem[];
  /** How many more wait. Some of them may be reserved by another call for a moment. */
  readonly stillWaiting: number;
  /** Tasks that this session had in an earlier run, and that have no final receipt. */
  readonly earlierTasks: readonly Pick<HandedItem, "id" | "token">[];
}

export interface DeliveryOptions {
  readonly routes: readonly Route[];
  /** The routes among them that are tried first for an operator's order. */
  readonly operatorFirst?: readonly Route[];
  readonly takeItems: (signal: AbortSignal) => Promise<Waiting>;
  /** Called at each change of the reason why an item is not handed over now; with "" when there is no such reason any more. */
  readonly onWait?: (why: string) => void;
  /** Queues a receipt. Receipts are stored in the order in which they were queued. */
  readonly writeReceipt: (receipt: ReceiptFacts) => void;
  readonly now: () => Date;
  readonly log: Logger;
}

/** How long an operator's order waits for a route that carries the operator's authority and may open within a moment. */
const operatorFirstForMs = 2_000;
const operatorFirstEveryMs = 100;
/** The pause before the routes are tried again for an item that none took, and before the inbox is read again. */
const tryAgainMs = 1_000;
/** As long as the stream COMMANDS keeps an order. */
const longestTimerMs = 7 * 86_400_000;

export function createDelivery(options: DeliveryOptions): Delivery {
  const { routes, operatorFirst = [], takeItems, writeReceipt, onWait = () => undefined, now, log } = options;
  const ending = new AbortController();
  const { signal } = ending;
  /** The items that are handed over or expired. The server may return them again while their receipt is on its way; then they are skipped. */
  const done = new Set<string>();
  const taking = createTaking(takeItems);
  const { forgetConversation, ...evidence } = createEvidence(writeReceipt);
  /** What was lost with a conversation, and is handed over again. */
  const lost: HandedItem[] = [];

  const giveBy = async (route: Route, item: HandedItem, until: AbortSignal): Promise<boolean> => {
    // Call `expect` first, because the evidence can come before `route.give` has resolved.
    const onQueued = evidence.expect(item.id, item.type, item);
    try {
      if (await route.give(renderItem(item), until, onWait, item.id)) {
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
  /** Tries the routes until one takes the item or the signal aborts. Resolves with whether one took it. */
  const giveUntil = async (item: HandedItem, until: AbortSignal): Promise<boolean> => {
    const first = item.origin === "operator" ? operatorFirst : [];
    const deadline = performance.now() + operatorFirstForMs;
    const tryAll = async (some: readonly Route[]) => {
      for (const route of some) if (!until.aborted && (await giveBy(route, item, until))) return true;
      return false;
    };
    while (!until.aborted) {
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
  /** Tries to hand the item over until it expires or the session ends. */
  const hand = async (item: HandedItem) => {
    log.debug(`${item.type} ${item.id} waits for a route into the session`);
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
    const detail = "no route into the session took it in time";
    writeReceipt({ command_id: item.id, state: "expired", detail });
  };
  /** Resolves with whether more items may be waiting now. */
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
  const handLost = async () => {
    for (const item of lost.splice(0)) await hand({ ...item, maybe_given_before: true });
  };
  const nudge = createLooking(
    async () => {
      await handLost();
      return await handOut(await taking.take(signal));
    },
    { signal, log },
  );
  return {
    ...evidence,
    nudge,
    leaveConversation() {
      const { tasks, unseen } = forgetConversation();
      lost.push(...unseen);
      nudge();
      return tasks;
    },
    hasTaken: taking.has,
    stop: () => ending.abort(),
  };
}

/** Takes items, and remembers the ids of those that the server has given out. */
function createTaking(takeItems: DeliveryOptions["takeItems"]) {
  const taken = new Set<string>();
  /** The taking that goes on, or the last one. */
  let last: Promise<unknown> = Promise.resolve();
  const take = async (signal: AbortSignal): Promise<Waiting> => {
    const waiting = await takeItems(signal);
    for (const { id } of waiting.items) {
      taken.add(id);
      dropOldest(taken);
    }
    return waiting;
  };
  return {
    take(signal: AbortSignal): Promise<Waiting> {
      const taking = take(signal);
      last = taking.catch(() => undefined); // the caller has the promise that rejects
      return taking;
    },
    async has(id: string): Promise<boolean> {
      await last;
      return taken.has(id);
    },
  };
}

/**
 * Returns a function that looks, and looks again as long as there may be more. It looks once more if it is called meanwhile.
 * @param look resolves with whether there may be more
 */
function createLooking(
  look: () => Promise<boolean>,
  { signal, log }: Pick<DeliveryOptions, "log"> & { readonly signal: AbortSignal },
): () => void {
  let isRunning = false;
  let isNudged = false;
  const run = async () => {
    while (isNudged && !signal.aborted) {
      isNudged = false;
      try {
        if (await look()) isNudged = true;
      } catch (error) {
        log.info(`cannot take the waiting orders from the server yet: ${messageOf(error)}`);
        isNudged = true;
        await pause(tryAgainMs, signal);
      }
    }
    isRunning = false;
  };
  return () => {
    isNudged = true;
    if (isRunning) return;
    isRunning = true;
    void run();
  };
}
