// Hands to the CLI what waits in the agent's inbox: tasks, messages, answers. One at a time and in order, each by the first
// route that takes it, and by one alone; then it looks for evidence that the session took it up.
import type { ReceiptFacts } from "../../agent-link/receipt-queue.ts";
import { pause } from "../../agent-link/waiting.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { Logger } from "../../log.ts";
import { type HandedItem, markersIn, renderItem } from "./item-text.ts";

/** One way of speaking to the session. */
export interface Route {
  /** As receipts name it. */
  readonly name: string;
  /** Whether the CLI has taken the text; false where this way is not open now, and nothing was handed over. */
  give(text: string, signal: AbortSignal): Promise<boolean>;
}

export interface Delivery {
  /** Something may wait. */
  nudge(): void;
  /** Watches for evidence of what is told by another way. Call what is returned when the receipt of that is queued. */
  expect(id: string): () => void;
  /** Text that the session has shown to have before it; `how` names the evidence. */
  noteEvidence(text: string, how: string): void;
  /** The tasks that were seen since the last call, and those that an earlier run had of a session that this one goes on with. */
  takeSeenTasks(): readonly string[];
  /** Whether something was handed over of which no evidence has come yet. */
  isAwaiting(): boolean;
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
  /** Queues a receipt: they are stored in the order in which they were queued. */
  readonly writeReceipt: (receipt: ReceiptFacts) => void;
  readonly now: () => Date;
  readonly log: Logger;
}

/** Before the routes are tried again for what none of them took, and before the inbox is looked at again. */
const tryAgainMs = 1_000;
/** Of those handed over, how many are watched for, and known again: the oldest are given up. */
const mostKept = 10_000;
/** A timer cannot be set for longer than 24 days. */
const longestTimerMs = 7 * 86_400_000;

export function createDelivery({ routes, takeItems, writeReceipt, now, log }: DeliveryOptions): Delivery {
  const ending = new AbortController();
  const { signal } = ending;
  /** Done with: given again while the receipt is on its way, they are passed over. */
  const done = new Set<string>();
  /** Handed over and not seen, each with the receipt that must be queued before. */
  const awaited = new Map<string, { readonly isQueued: Promise<void>; readonly isTask: boolean }>();
  let seenTasks: string[] = [];
  /** Each is ended by one turn, the first that ends. */
  const earlier = new Set<string>();
  let isRunning = false;
  let isNudged = false;

  const see = (command_id: string, how: string) => {
    const known = awaited.get(command_id);
    if (known === undefined) return;
    awaited.delete(command_id);
    if (known.isTask) seenTasks.push(command_id);
    void known.isQueued.then(() => writeReceipt({ command_id, state: "seen", detail: how }));
  };
  const expect = (id: string, isTask = false) => {
    const queued = Promise.withResolvers<void>();
    awaited.set(id, { isQueued: queued.promise, isTask });
    dropOldest(awaited);
    return queued.resolve;
  };
  const giveBy = async (route: Route, item: HandedItem, until: AbortSignal): Promise<boolean> => {
    // Watched before it is given: the evidence can be there before the way of giving it has returned.
    const onQueued = expect(item.id, item.type === "task");
    try {
      if (await route.give(renderItem(item), until)) {
        writeReceipt({ command_id: item.id, state: "injected", route: route.name });
        onQueued();
        return true;
      }
    } catch (error) {
      log.info(`${route.name} did not take ${item.id}: ${messageOf(error)}`);
    }
    awaited.delete(item.id);
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
    if (isGiven || signal.aborted) return;
    const detail = "the session took it by no way in time";
    writeReceipt({ command_id: item.id, state: "expired", detail });
  };
  const noteEarlier = (tasks: Waiting["earlierTasks"]) => {
    for (const task of tasks) {
      const key = keyOf(task);
      if (done.has(key) || earlier.has(key)) continue;
      earlier.add(key);
      dropOldest(earlier);
      seenTasks.push(task.id);
    }
  };
  /** Whether there may be more at once. */
  const handOut = async ({ items, stillWaiting, earlierTasks }: Waiting): Promise<boolean> => {
    noteEarlier(earlierTasks);
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
    nudge() {
      isNudged = true;
      if (isRunning) return;
      isRunning = true;
      void run();
    },
    expect: (id) => expect(id),
    noteEvidence(text, how) {
      if (awaited.size === 0) return;
      for (const id of markersIn(text)) see(id, how);
    },
    takeSeenTasks() {
      const taken = seenTasks;
      seenTasks = [];
      return taken;
    },
    isAwaiting: () => awaited.size > 0,
    stop: () => ending.abort(),
  };
}

/** Under one id, another order may come once nobody remembers the first: its token tells them apart. */
function keyOf({ id, token }: Pick<HandedItem, "id" | "token">): string {
  return `${id} ${token ?? ""}`;
}

function dropOldest(kept: Map<string, unknown> | Set<string>): void {
  const [oldest] = kept.keys();
  if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest);
}
