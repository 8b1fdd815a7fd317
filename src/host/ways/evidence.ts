// What was handed to the session and by which evidence it took it up. A receipt `seen` rests on this.
import type { ReceiptFacts } from "../../agent-link/receipt-queue.ts";
import { type HandedItem, markersIn } from "./item-text.ts";

export interface Evidence {
  /** Watches for evidence of what is told. Call what is returned when the receipt of that is queued. */
  expect(id: string, isTask?: boolean): () => void;
  /** It was not handed over after all. */
  forget(id: string): void;
  /** Text that the session has shown to have before it; `how` names the evidence. */
  noteEvidence(text: string, how: string): void;
  /** A task that the session had in an earlier run: the first turn that ends is its end. */
  noteEarlierTask(task: Pick<HandedItem, "id" | "token">): void;
  /** The tasks that were seen since the last call, and those that an earlier run had of a session that this one goes on with. */
  takeSeenTasks(): readonly string[];
  /** Whether something was handed over of which no evidence has come yet. */
  isAwaiting(): boolean;
}

/** Of those handed over, how many are watched for, and known again: the oldest are given up. */
const mostKept = 10_000;

export function createEvidence(writeReceipt: (receipt: ReceiptFacts) => void): Evidence {
  /** Handed over and not seen, each with the receipt that must be queued before. */
  const awaited = new Map<string, { readonly isQueued: Promise<void>; readonly isTask: boolean }>();
  let seenTasks: string[] = [];
  /** Each is ended by one turn, the first that ends. */
  const earlier = new Set<string>();

  const see = (command_id: string, how: string) => {
    const known = awaited.get(command_id);
    if (known === undefined) return;
    awaited.delete(command_id);
    if (known.isTask) seenTasks.push(command_id);
    void known.isQueued.then(() => writeReceipt({ command_id, state: "seen", detail: how }));
  };
  return {
    expect(id, isTask = false) {
      const queued = Promise.withResolvers<void>();
      awaited.set(id, { isQueued: queued.promise, isTask });
      dropOldest(awaited);
      return queued.resolve;
    },
    forget: (id) => void awaited.delete(id),
    noteEvidence(text, how) {
      if (awaited.size === 0) return;
      for (const id of markersIn(text)) see(id, how);
    },
    noteEarlierTask(task) {
      const key = keyOf(task);
      if (earlier.has(key)) return;
      earlier.add(key);
      dropOldest(earlier);
      seenTasks.push(task.id);
    },
    takeSeenTasks() {
      const taken = seenTasks;
      seenTasks = [];
      return taken;
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
