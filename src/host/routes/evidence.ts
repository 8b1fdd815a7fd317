// Looks for evidence that the session's model has what was handed to the session. The receipt `seen` rests on this: the text is in
// the conversation, and a request has gone to the model since. A prompt's hook is no evidence: the user's hooks may still refuse it.
import type { ReceiptFacts } from "../../agent-link/receipt-queue.ts";
import { dropOldest, type HandedItem, markersIn } from "./item-text.ts";
import { createTurnTasks, type TurnEnd } from "./turn-tasks.ts";

export interface Evidence {
  /**
   * Watches for evidence of this order. Call the returned function when its receipt `injected` is queued.
   * @param item what was handed over, if it can be handed over again
   */
  expect(id: string, type: HandedItem["type"], item?: HandedItem): () => void;
  /** The order was not handed over after all: stops watching for it. */
  forget(id: string): void;
  /** A prompt is about to be sent. `atMs`: ms since 1970, by the clock of this machine, which the CLI's record uses too. */
  noteOffered(text: string, atMs: number): void;
  /** The text is in the conversation. `how` names where that was seen; `id` is that of the order, if the CLI keeps it. */
  noteTaken(text: string, how: string, id?: string): void;
  /** A request has gone to the model, with every text that `noteTaken` was told with the same `how`. */
  noteAnswer(how: string): void;
  /**
   * At `atMs` the orders that `text` names were kept from the model. If it names none, these are the orders that were offered by then: the
   * tasks, and those messages that are not in the conversation.
   */
  refuse(text: string, detail: string, atMs: number): void;
  /**
   * The session had this task in an earlier run. No turn of this run is about it, unless its words come into the conversation again. Writes
   * its last receipt if the turn is over already that was told to go on with it.
   */
  noteEarlierTask(task: Pick<HandedItem, "id" | "token">): void;
  /**
   * A turn has ended by itself. Returns the ids of the tasks that it had.
   * @param least `seen`: those that the model had; `taken`: also those that are only in the conversation
   * @param end how, for the receipts of tasks that are noted after it (`noteEarlierTask`)
   */
  takeTasks(least: "taken" | "seen", end?: TurnEnd): readonly string[];
  /**
   * A turn is over that did not end by itself, or whose tasks were taken. The next turn does not get the tasks that are left. A later turn
   * has one of them only if the task's words come into the conversation again.
   */
  leaveTasks(): void;
  /** The CLI has taken the last prompt out of the conversation again, before the model's first word. */
  withdraw(): void;
  /** The session has begun another conversation, in which the model has nothing of what it was told before. */
  forgetConversation(): Forgotten;
  /**
   * Whether there is an order that was handed over and for which no evidence has come yet.
   * @param but a text whose orders do not count
   */
  isAwaiting(but?: string): boolean;
}

export interface Forgotten {
  /** The ids of the tasks that the conversation had. */
  readonly tasks: readonly string[];
  /** What was in the conversation, without evidence that the model had it. */
  readonly unseen: readonly HandedItem[];
}

/** An order that was handed over and is not `seen` yet. */
interface Awaited {
  readonly type: HandedItem["type"];
  readonly item: HandedItem | undefined;
  /** Resolves when its receipt `injected` is queued. That one must come before its other receipts. */
  readonly isQueued: Promise<void>;
  offeredAtMs?: number;
  /** Where it was seen in the conversation: `echo`, `transcript`. */
  readonly taken: Set<string>;
}

export function createEvidence(writeReceipt: (receipt: ReceiptFacts) => void): Evidence {
  const awaited = new Map<string, Awaited>();
  const turnTasks = createTurnTasks();

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
    expect(id, type, item) {
      const queued = Promise.withResolvers<void>();
      awaited.set(id, { type, item, isQueued: queued.promise, taken: new Set() });
      dropOldest(awaited);
      return queued.resolve;
    },
    forget: (id) => void awaited.delete(id),
    noteOffered(text, atMs) {
      for (const [, each] of known(text)) each.offeredAtMs = atMs;
    },
    noteTaken(text, how, id) {
      turnTasks.noteTaken(text, how);
      for (const [, each] of known(text)) each.taken.add(how);
      if (id !== undefined) awaited.get(id)?.taken.add(how);
    },
    noteAnswer(how) {
      turnTasks.noteAnswer(how);
      for (const [id, each] of [...awaited]) {
        if (!each.taken.has(how)) continue;
        if (each.type === "task") turnTasks.noteSeen(id, how);
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
      const end = turnTasks.noteEarlier(task);
      if (end === undefined) return;
      const { isFailed, route, detail } = end;
      writeReceipt({ command_id: task.id, state: isFailed ? "failed" : "applied", route, detail });
    },
    takeTasks(least, end) {
      const tasks = turnTasks.take(least, end);
      if (least === "seen") return tasks;
      for (const [id, each] of [...awaited]) {
        if (each.type !== "task" || each.taken.size === 0) continue;
        awaited.delete(id);
        tasks.push(id);
      }
      return tasks;
    },
    leaveTasks: turnTasks.leave,
    withdraw() {
      for (const { taken } of awaited.values()) taken.clear();
    },
    forgetConversation() {
      const unseen: HandedItem[] = [];
      for (const [id, { item, taken }] of [...awaited]) {
        if (taken.size === 0) continue;
        taken.clear();
        if (item === undefined) continue;
        awaited.delete(id);
        unseen.push(item);
      }
      return { tasks: turnTasks.forget(), unseen };
    },
    isAwaiting(but = "") {
      const left = new Set(awaited.keys());
      for (const id of markersIn(but)) left.delete(id);
      return left.size > 0;
    },
  };
}
