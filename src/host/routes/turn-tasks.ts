// Keeps which tasks the running turn has, because a turn that ends by itself ends its tasks. A turn has a task if the model was shown to
// have the task in this turn (`seen`). A task of an interrupted turn, or of an earlier run, belongs to no turn at first, because the end
// of another turn proves nothing about it. It belongs to the turn in which its words come into the conversation again. For a task of an
// earlier run, the words to go on (`goOnWords`) are enough.
import { goOnWords } from "../../domain/go-on-words.ts";
import { dropOldest, type HandedItem, keyOf, markersIn } from "./item-text.ts";

export interface TurnTasks {
  /** The model has this task in the turn that runs. `how`: where that was seen. */
  noteSeen(id: string, how: string): void;
  /**
   * The session had this task in an earlier run. Returns how the turn has ended that was told to go on with it, if that turn is over already:
   * the turn may be quicker than the server's answer that names the task.
   */
  noteEarlier(task: Pick<HandedItem, "id" | "token">): TurnEnd | undefined;
  /** The text is in the conversation. `how`: where that was seen. */
  noteTaken(text: string, how: string): void;
  /** A request has gone to the model, with every text that `noteTaken` was told with the same `how`. */
  noteAnswer(how: string): void;
  /**
   * The turn has ended by itself. Returns the ids of the tasks that it had.
   * @param least `seen`: those that the model had; `taken`: also those whose words have only come again
   */
  take(least: "taken" | "seen", end?: TurnEnd): string[];
  /** The turn is over. No later turn has the tasks that are left, unless their words come again. */
  leave(): void;
  /** The conversation is gone. Returns the ids of the tasks that it had. */
  forget(): readonly string[];
}

/** How a turn has ended by itself, for the receipts of its tasks. */
export interface TurnEnd {
  readonly isFailed: boolean;
  readonly route: string;
  readonly detail: string;
}

/** A task that no turn has, though it was `seen`. */
interface LeftTask {
  /** Where it was `seen`: its words have to come again there. Undefined for a task of an earlier run. */
  readonly how: string | undefined;
  /** Where its words have come again. */
  readonly again: Set<string>;
}

/** The beginning of a prompt, or of a string in a line of JSON. Elsewhere another agent or a file may quote the words. */
const asksToGoOn = new RegExp(`^(?:\\{.*[^\\\\]")?${RegExp.escape(goOnWords)}`, "s");

export function createTurnTasks(): TurnTasks {
  let seen: { readonly id: string; readonly how: string }[] = [];
  const left = new Map<string, LeftTask>();
  /** The tasks of earlier runs that were noted already, so that each is ended by one turn only. */
  const earlier = new Set<string>();
  /** Where the words to go on have come into the conversation in this turn. */
  const goingOn = new Set<string>();
  /** How the turn has ended into which the words to go on have come. */
  let wentOn: TurnEnd | undefined;

  const leaveTask = (id: string, task: LeftTask) => {
    left.set(id, task);
    dropOldest(left);
  };
  const takeLeft = (isWanted: (again: ReadonlySet<string>) => boolean): string[] => {
    const ids = [...left].flatMap(([id, { again }]) => (isWanted(again) ? id : []));
    for (const id of ids) left.delete(id);
    return ids;
  };
  const takeSeen = () => {
    const taken = seen;
    seen = [];
    goingOn.clear();
    return taken;
  };
  return {
    noteSeen: (id, how) => void seen.push({ id, how }),
    noteEarlier(task) {
      const key = keyOf(task);
      if (earlier.has(key)) return undefined;
      earlier.add(key);
      dropOldest(earlier);
      if (wentOn === undefined) leaveTask(task.id, { how: undefined, again: new Set(goingOn) });
      return wentOn;
    },
    noteTaken(text, how) {
      if (asksToGoOn.test(text)) {
        goingOn.add(how);
        for (const task of left.values()) if (task.how === undefined) task.again.add(how);
      }
      for (const id of left.size === 0 ? [] : markersIn(text)) {
        const task = left.get(id);
        if (task !== undefined && (task.how ?? how) === how) task.again.add(how);
      }
    },
    noteAnswer(how) {
      for (const id of takeLeft((again) => again.has(how))) seen.push({ id, how });
    },
    take(least, end) {
      if (goingOn.size > 0) wentOn = end;
      const ids = takeSeen().map(({ id }) => id);
      return least === "seen" ? ids : [...takeLeft((again) => again.size > 0), ...ids];
    },
    leave() {
      for (const { id, how } of takeSeen()) leaveTask(id, { how, again: new Set() });
    },
    forget() {
      wentOn = undefined;
      return [...takeLeft(() => true), ...takeSeen().map(({ id }) => id)];
    },
  };
}
