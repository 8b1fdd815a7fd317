// Ends tasks when turns end, by final receipts. A task ends with the turn in which it was given. If that turn has left something
// running in the background, the task ends with the later turn in which the model hears that it has ended.
import type { ReceiptQueue } from "../../agent-link/receipt-queue.ts";

/** The final receipt for the tasks of a turn: `failed` or `applied`, what told the end, and its detail. */
export interface TurnOutcome {
  readonly isFailed: boolean;
  /** `result` of a headless session, `turn` on a terminal. */
  readonly route: "result" | "turn";
  readonly detail: string;
}

export interface OpenTasks {
  /**
   * @param ids the `command_id`s of the tasks that the turn had
   * @param running the ids of what runs in the background now
   */
  turnEnded(ids: readonly string[], outcome: TurnOutcome, running: readonly string[]): void;
  /** @param running the ids of what runs in the background now */
  noteBackground(running: readonly string[]): void;
  /** The session has lost its conversation: fails these tasks, and those that wait for what runs in the background. */
  fail(ids: readonly string[], detail: string): void;
  /** Nothing runs in the background, and the CLI woke no turn for it: writes the receipts that waited for such a turn. */
  settle(): void;
}

/** Tasks of one turn, and the ids of what it has left running. */
interface Group {
  readonly ids: readonly string[];
  readonly waitsFor: ReadonlySet<string>;
  readonly outcome: TurnOutcome;
}

export function createOpenTasks(receipts: Pick<ReceiptQueue, "write">): OpenTasks {
  let groups: readonly Group[] = [];
  /** The ids of what ran in the background when the last turn ended. */
  let known: ReadonlySet<string> = new Set();

  const write = (ids: readonly string[], { isFailed, route, detail }: TurnOutcome) => {
    for (const command_id of ids) {
      receipts.write({ command_id, state: isFailed ? "failed" : "applied", route, detail });
    }
  };
  const isDue = ({ waitsFor }: Group) => waitsFor.size === 0;
  const takeDue = () => {
    const due = groups.filter(isDue);
    groups = groups.filter((group) => !isDue(group));
    return due;
  };
  return {
    turnEnded(ids, outcome, running) {
      const waitsFor = new Set(running.filter((id) => !known.has(id)));
      known = new Set(running);
      // If this turn was woken by the end of a background task, its outcome also counts for the tasks that had left it running.
      const all = [...takeDue().flatMap((group) => group.ids), ...ids];
      if (waitsFor.size === 0 || outcome.isFailed) write(all, outcome);
      else if (all.length > 0) groups = [...groups, { ids: all, waitsFor, outcome }];
    },
    noteBackground(running) {
      const left = new Set(running);
      groups = groups.map((group) => ({
        ...group,
        waitsFor: new Set([...group.waitsFor].filter((id) => left.has(id))),
      }));
    },
    fail(ids, detail) {
      const all = [...groups.flatMap((group) => group.ids), ...ids];
      groups = [];
      for (const command_id of all) receipts.write({ command_id, state: "failed", detail });
    },
    settle() {
      for (const { ids, outcome } of takeDue()) write(ids, outcome);
    },
  };
}
