// What was handed to the session, and by which evidence its model has it. A receipt `seen` rests on this: the text is in the
// conversation, and a request has gone to the model since. A hook of the user's may still keep a prompt from the model when ours hears it.
import type { ReceiptFacts } from "../../agent-link/receipt-queue.ts";
import { type HandedItem, markersIn } from "./item-text.ts";

export interface Evidence {
  /** Watches for evidence of what is told. Call what is returned when the receipt of that is queued. */
  expect(id: string, type: HandedItem["type"]): () => void;
  /** It was not handed over after all. */
  forget(id: string): void;
  /** A prompt is about to be sent; by the clock of this machine, as the CLI's record is. */
  noteOffered(text: string, atMs: number): void;
  /** The text is in the conversation; `how` names the evidence. */
  noteTaken(text: string, how: string): void;
  /** A request with all that was taken by now, by the same evidence, has gone to the model. */
  noteAnswer(how: string): void;
  /** At that time, what the text names was kept from the model; where it names nothing, what was offered by then and did not come before it. */
  refuse(text: string, detail: string, atMs: number): void;
  /** A task that the session had in an earlier run: the first turn that ends is its end. */
  noteEarlierTask(task: Pick<HandedItem, "id" | "token">): void;
  /** The tasks that were taken since the last call, and those that an earlier run had of a session that this one goes on with. */
  takeTasks(): readonly string[];
  /** Whether something was handed over of which no evidence has come yet. */
  isAwaiting(): boolean;
}

/** Handed over and not seen. */
interface Awaited {
  readonly type: HandedItem["type"];
  /** Its receipt `injected` comes before any other. */
  readonly isQueued: Promise<void>;
  offeredAtMs?: number;
  /** By which evidence it is in the conversation. */
  readonly taken: Set<string>;
}

/** Of those handed over, how many are watched for, and known again: the oldest are given up. */
const mostKept = 10_000;

export function createEvidence(writeReceipt: (receipt: ReceiptFacts) => void): Evidence {
  const awaited = new Map<string, Awaited>();
  let seenTasks: string[] = [];
  /** Each is ended by one turn, the first that ends. */
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
    noteTaken(text, how) {
      for (const [, each] of known(text)) each.taken.add(how);
    },
    noteAnswer(how) {
      for (const [id, each] of [...awaited]) {
        if (!each.taken.has(how)) continue;
        if (each.type === "task") seenTasks.push(id);
        settle(id, each, { state: "seen", detail: how });
      }
    },
    refuse(text, detail, atMs) {
      // A message that is in the conversation comes before the model with the next request.
      const isOut = ({ type, offeredAtMs = Number.POSITIVE_INFINITY, taken }: Awaited) =>
        offeredAtMs <= atMs && (type === "task" || taken.size === 0);
      const namesSome = markersIn(text).length > 0;
      const meant = namesSome ? known(text) : [...awaited].filter(([, each]) => isOut(each));
      for (const [id, each] of meant) {
        // What becomes of an order that steers the session does not hang on words that the model has not read.
        if (each.type === "task" || each.type === "message") settle(id, each, { state: "failed", detail });
      }
    },
    noteEarlierTask(task) {
      const key = keyOf(task);
      if (earlier.has(key)) return;
      earlier.add(key);
      dropOldest(earlier);
      seenTasks.push(task.id);
    },
    takeTasks() {
      const tasks = seenTasks;
      seenTasks = [];
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

/** Under one id, another order may come once nobody remembers the first: its token tells them apart. */
export function keyOf({ id, token }: Pick<HandedItem, "id" | "token">): string {
  return `${id} ${token ?? ""}`;
}

export function dropOldest(kept: Map<string, unknown> | Set<string>): void {
  const [oldest] = kept.keys();
  if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest);
}
