// Hands the CLI what waits in the agent's inbox: tasks, messages, answers. It does so in order, one at a time, each by the first
// route that takes it and by no other. Then `createEvidence` looks for evidence that the model has it.
import { messageOf } from "../../domain/text/errors.ts";
import { pause } from "../../waiting.ts";
import { createEvidence, type Evidence } from "./evidence.ts";
import { createHanding, type HandingOptions, longestTimerMs, tryAgainMs } from "./hand-item.ts";
import { dropOldest, type HandedItem, keyOf } from "./item-text.ts";

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

export interface DeliveryOptions extends Omit<HandingOptions, "evidence" | "onWait" | "signal"> {
  readonly takeItems: (signal: AbortSignal) => Promise<Waiting>;
  /** Called at each change of the reason why an item is not handed over now; with "" when there is no such reason any more. */
  readonly onWait?: (why: string) => void;
}

export function createDelivery(options: DeliveryOptions): Delivery {
  const { takeItems, hold, writeReceipt, log } = options;
  const { onWait = () => undefined } = options;
  const ending = new AbortController();
  const { signal } = ending;
  /** The items that are handed over or expired. The server may return them again while their receipt is on its way; then they are skipped. */
  const done = new Set<string>();
  const taking = createTaking(takeItems);
  const { forgetConversation, ...evidence } = createEvidence(writeReceipt);
  /** What was lost with a conversation, and is handed over again. */
  const lost: HandedItem[] = [];

  const { hand, leftMsOf } = createHanding({ ...options, onWait, evidence, signal });
  const keptUntil = createExpiryWatch(() => nudge());
  /** Hands the items over, those first that nothing keeps. Resolves with those that are kept, and with all after the first of them. */
  const handAll = async (items: readonly HandedItem[]): Promise<readonly HandedItem[]> => {
    const isKept = (item: HandedItem) => (hold.why(item) !== undefined && leftMsOf(item) > 0 ? 1 : 0);
    const kept: HandedItem[] = [];
    for (const item of items.toSorted((one, other) => isKept(one) - isKept(other))) {
      if (signal.aborted) break;
      if (kept.length > 0 || !(await hand(item))) kept.push(item);
    }
    const [first] = kept;
    if (first !== undefined) onWait(hold.why(first) ?? "");
    keptUntil(kept.map(leftMsOf));
    return kept;
  };
  /** Resolves with whether more items may be waiting now. */
  const handOut = async ({ items, stillWaiting, earlierTasks }: Waiting): Promise<boolean> => {
    for (const task of earlierTasks) if (!done.has(keyOf(task))) evidence.noteEarlierTask(task);
    const fresh = items.filter((item) => !done.has(keyOf(item)));
    const kept = await handAll(fresh);
    if (signal.aborted) return false;
    for (const item of fresh.filter((each) => !kept.includes(each))) {
      done.add(keyOf(item));
      dropOldest(done);
    }
    if (kept.length > 0) return false;
    if (fresh.length === 0 && items.length + stillWaiting > 0) await pause(tryAgainMs, signal);
    return items.length + stillWaiting > 0;
  };
  const handLost = async () => {
    const kept = await handAll(lost.splice(0).map((item) => ({ ...item, maybe_given_before: true })));
    lost.push(...kept);
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
    stop() {
      ending.abort();
      keptUntil([]);
    },
  };
}

/** Returns a function that sets a timer for the first of these times, in place of the one before. @param onOver called when it is over */
function createExpiryWatch(onOver: () => void): (leftMs: readonly number[]) => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return (leftMs) => {
    clearTimeout(timer);
    if (leftMs.length > 0) timer = setTimeout(onOver, Math.min(...leftMs, longestTimerMs));
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
