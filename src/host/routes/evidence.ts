// Looks for evidence that the session's model has what was handed to the session. The receipt `seen` rests on this: the text is in
// the conversation, and a request has gone to the model since. A prompt's hook is no evidence: the user's hooks may still refuse it.
import type { ReceiptFacts } from "../../agent-link/receipt-queue.ts";
import { type HandedItem, markersIn } from "./item-text.ts";

export interface Evidence {
  /** Watches for evidence of this order. Call the returned function when its receipt `injected` is queued. */
  expect(id: string, type: HandedItem["type"]): () => void;
  /** The order was not handed over after all: stops watching for it. */
  forget(id: string): void;
  /** A prompt is about to be sent. `atMs`: ms since 1970, by the clock of this machine, which the CLI's record uses too. */
  noteOffered(text: string, atMs: number): void;
  /** The text is in the conversation. `how` names where that was seen; `id` is that of the order, if the CLI keeps it. */
  noteTaken(text: string, how: string, id?: string): void;
  /** A request has gone to the model, with every text that `noteTaken` was told with the same `how`. */
  noteAnswer(how: string): void;
  /** At `atMs` the orders that `text` names were kept from the model. If it names none: those offered by then that are not in the conversation. */
  refuse(text: string, detail: string, atMs: number): void;
  /** The session had this task in an earlier run. */
  noteEarlierTask(task: Pick<HandedItem, "id" | "token">): void;
  /**
   * Returns the ids of the tasks that the session took since the last call.
   * @param least `taken`: those that are in the conversation, and those that the session had in an earlier run; `seen`: only those that
   * were `seen` in this run
   */
  takeTasks(least: "taken" | "seen"): readonly string[];
  /** Whether there is an order that was handed over and for which no evidence has come yet. */
  isAwaiting(): boolean;
}

/** An order that was handed over and is not `seen` yet. */
interface Awaited {
  readonly type: HandedItem["type"];
  /** Resolves when its receipt `injected` is queued, which must come before any other. */
  readonly isQueued: Promise<void>;
  offeredAtMs?: number;
  /** Where it was seen in the conversation: `echo`, `transcript`. */
  readonly taken: Set<string>;
}

/** How many orders a set or map keeps; the oldest are dropped. */
const mostKept = 10_000;

export function createEvidence(writeReceipt: (receipt: ReceiptFacts) => void): Evidence {
  const awaited = new Map<string, Awaited>();
  let seenTasks: string[] = [];
  let earlierTasks: string[] = [];
  /** The tasks of earlier runs that were noted already, so that each is ended by one turn only. */
  const earlier = new Set<string>();

  const known = (text: string): (readonly [string, Awaited])[] => {
    const ids = awaited.size === 0 ? [] : markersIn(text);
    return [...new Set(ids)].flatMap((id) => {
      const each = awaited.get(id);
      return each === undefined ? [] : [[id, each] as const];
    });
  };
  const settle = (command_id: string, each: Awaited, receipt: Pick<ReceiptFacts, "state" | "detail">) => {
    awaited.delete(command_id);
    void each.isQueued.then(() => writeReceipt({ command_id, ...receipt }));
  };
  return {
    expect(id, type) {
      const queued = Promise.withResolvers<void>();
      awaited.set(id, { type, isQueued: queued.promise, taken: new Set() });
      dropOldest(awaited);
      return queued.resolve;
    },
    forget: (id) => void awaited.delete(id),
    noteOffered(text, atMs) {
      for (const [, each] of known(text)) each.offeredAtMs = atMs;
    },
    noteTaken(text, how, id) {
      for (const [, each] of known(text)) each.taken.add(how);
      if (id !== undefined) awaited.get(id)?.taken.add(how);
    },
    noteAnswer(how) {
      for (const [id, each] of [...awaited]) {
        if (!each.taken.has(how)) continue;
        if (each.type === "task") seenTasks.push(id);
        settle(id, each, { state: "seen", detail: how });
      }
    },
    refuse(text, detail, atMs) {
      // A message that is in the conversation goes to the model with the next request, so it is not refused.
      const isOut = ({ type, offeredAtMs = Number.POSITIVE_INFINITY, taken }: Awaited) =>
        offeredAtMs <= atMs && (type === "task" || taken.size === 0);
      const namesSome = markersIn(text).length > 0;
      const meant = namesSome ? known(text) : [...awaited].filter(([, each]) => isOut(each));
      for (const [id, each] of meant) {
        // A control order does not fail: it is carried out even if the model has not read its words.
        if (each.type === "task" || each.type === "message") settle(id, each, { state: "failed", detail });
      }
    },
    noteEarlierTask(task) {
      const key = keyOf(task);
      if (earlier.has(key)) return;
      earlier.add(key);
      dropOldest(earlier);
      earlierTasks.push(task.id);
    },
    takeTasks(least) {
      const seen = seenTasks;
      seenTasks = [];
      if (least === "seen") return seen;
      const tasks = [...earlierTasks, ...seen];
      earlierTasks = [];
      for (const [id, each] of [...awaited]) {
        if (each.type !== "task" || each.taken.size === 0) continue;
        awaited.delete(id);
        tasks.push(id);
      }
      return tasks;
    },
    isAwaiting: () => awaited.size > 0,
  };
}

/** Names an order by id and token, because after a while another order may come with the same id; its token differs. */
export function keyOf({ id, token }: Pick<HandedItem, "id" | "token">): string {
  return `${id} ${token ?? ""}`;
}

/** Drops the oldest entry if there are more than `mostKept`. */
export function dropOldest(kept: Map<string, unknown> | Set<string>): void {
  const [oldest] = kept.keys();
  if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest);
}
