// Keeps what the session's turns have left running in the background: shells and subagents. When one of them ends, the CLI wakes
// its model, so one more turn follows the end of the last one.
import type { BackgroundTask } from "../../domain/hook.ts";

export interface Background {
  running(): readonly BackgroundTask[];
  /** Whether something runs, or its end is about to wake the model. */
  isBusy(): boolean;
  /** Replaces the list by the CLI's own list of everything that runs. */
  set(tasks: readonly BackgroundTask[]): void;
  begin(task: BackgroundTask): void;
  end(id: string): void;
  /** A turn has begun: the model is awake. */
  noteTurn(): void;
  /** The listener is called at each change of the list. */
  onChange(listener: () => void): void;
  /** The listener is called when the last task has ended and no turn has begun within `wakeWithinMs`. */
  onQuiet(listener: () => void): void;
}

export interface BackgroundOptions {
  readonly isTurnOpen: () => boolean;
  /** How long the CLI may take to wake its model after the end of a task. Default 5000. */
  readonly wakeWithinMs?: number | undefined;
}

const defaultWakeWithinMs = 5_000;

export function createBackground({
  isTurnOpen,
  wakeWithinMs = defaultWakeWithinMs,
}: BackgroundOptions): Background {
  let tasks: ReadonlyMap<string, BackgroundTask> = new Map();
  let waking: ReturnType<typeof setTimeout> | undefined;
  const changed: (() => void)[] = [];
  const quiet: (() => void)[] = [];

  const noteTurn = () => {
    clearTimeout(waking);
    waking = undefined;
  };
  const become = (next: readonly BackgroundTask[]) => {
    const before = tasks;
    tasks = new Map(next.map((task) => [task.id, task]));
    if (before.size === tasks.size && [...before.keys()].every((id) => tasks.has(id))) return;
    noteTurn();
    for (const tell of changed) tell();
    if (tasks.size > 0 || isTurnOpen()) return;
    waking = setTimeout(() => {
      waking = undefined;
      if (tasks.size === 0 && !isTurnOpen()) for (const tell of quiet) tell();
    }, wakeWithinMs);
    waking.unref();
  };
  return {
    running: () => [...tasks.values()],
    isBusy: () => tasks.size > 0 || waking !== undefined,
    set: become,
    begin(task) {
      if (!tasks.has(task.id)) become([...tasks.values(), task]);
    },
    end: (id) => become([...tasks.values()].filter((task) => task.id !== id)),
    noteTurn,
    onChange: (listener) => void changed.push(listener),
    onQuiet: (listener) => void quiet.push(listener),
  };
}
