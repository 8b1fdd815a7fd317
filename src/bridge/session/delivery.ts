// Hands to the CLI what waits in the agent's inbox: tasks, messages, answers. One at a time and in order, each by the first
// route that takes it, and by one alone; then it looks for evidence that the session took it up.
import { messageOf } from "../../domain/errors.ts";
import type { Logger } from "../../log.ts";
import { pause } from "../pause.ts";
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
  /** Watches for evidence of what is told by another way. Call what is returned when the receipt of that is stored. */
  expect(id: string): () => void;
  /** Text that the session has shown to have before it; `how` names the evidence. */
  noteEvidence(text: string, how: string): void;
  /** The tasks that were seen since the last call. */
  takeSeenTasks(): readonly string[];
  /** Whether something was handed over of which no evidence has come yet. */
  isAwaiting(): boolean;
  stop(): void;
}

export interface DeliveryOptions {
  readonly routes: readonly Route[];
  /** What waits, held for this session by the server; it is given once. */
  readonly takeItems: (signal: AbortSignal) => Promise<readonly HandedItem[]>;
  /** Writes a receipt; resolves when it is stored or will not be. */
  readonly writeReceipt: (commandId: string, state: "injected" | "seen", how: string) => Promise<void>;
  readonly log: Logger;
}

/** Before the routes are tried again for what none of them took. */
const tryAgainMs = 1_000;
/** Of those handed over, how many are watched for: the oldest are given up as not seen. */
const mostAwaited = 10_000;

export function createDelivery({ routes, takeItems, writeReceipt, log }: DeliveryOptions): Delivery {
  const ending = new AbortController();
  const { signal } = ending;
  /** Handed over and not seen, with the receipt that must be stored before. */
  const awaited = new Map<string, Promise<void>>();
  const tasks = new Set<string>();
  let seenTasks: string[] = [];
  let isRunning = false;
  let isNudged = false;

  const see = (id: string, how: string) => {
    const injected = awaited.get(id);
    if (injected === undefined) return;
    awaited.delete(id);
    if (tasks.delete(id)) seenTasks.push(id);
    void injected.then(() => writeReceipt(id, "seen", how));
  };
  const expect = (id: string) => {
    const stored = Promise.withResolvers<void>();
    awaited.set(id, stored.promise);
    const [oldest] = awaited.keys();
    if (awaited.size > mostAwaited && oldest !== undefined) awaited.delete(oldest);
    return stored.resolve;
  };
  const giveBy = async (route: Route, item: HandedItem): Promise<boolean> => {
    // Watched before it is given: the evidence can be there before the way of giving it has returned.
    const onStored = expect(item.id);
    if (item.type === "task") tasks.add(item.id);
    try {
      if (await route.give(renderItem(item), signal)) {
        await writeReceipt(item.id, "injected", route.name);
        onStored();
        return true;
      }
    } catch (error) {
      log.info(`${route.name} did not take ${item.id}: ${messageOf(error)}`);
    }
    awaited.delete(item.id);
    return false;
  };
  const hand = async (item: HandedItem) => {
    while (!signal.aborted) {
      for (const route of routes) {
        if (await giveBy(route, item)) return;
      }
      await pause(tryAgainMs, signal);
    }
  };
  const run = async () => {
    while (isNudged && !signal.aborted) {
      isNudged = false;
      try {
        const items = await takeItems(signal);
        for (const item of items) await hand(item);
        if (items.length > 0) isNudged = true; // there may be more than one call gives
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
    expect,
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
