// Reads from a trace of Chromium how much CPU time the main thread of a page takes: for each of its tasks, and for each patch of the event
// stream with the frame that then shows it. CPU time, and not the time on the clock, because other programs do not change it. Pure.

/** An event of the trace, as far as it is read. */
export interface TraceEvent {
  readonly name: string;
  /** `X`: an event with a duration. `M`: the name of a thread or process. */
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds. */
  readonly ts: number;
  readonly dur?: number;
  /** CPU time of the thread, in microseconds. */
  readonly tdur?: number;
}

/** The mark that the traced page sets first. By it, its renderer is known: Chromium has others, of empty pages and of its own. */
export const pageMark = "cliai-bench-page";

/** The mark that the page is made to set when a patch of its event stream begins. */
export const patchMark = "cliai-bench-patch";

export interface MainThread {
  /** CPU time from each frame to the next, in ms: everything that the main thread does in it. */
  readonly frames: readonly number[];
  /** The longest of the frames of each second, in ms. */
  readonly longest: readonly number[];
  /** CPU time of each patch, in ms: of the task that applies it, and of the next frame, which shows it. */
  readonly patches: readonly number[];
  /** CPU time of all tasks, in ms. */
  readonly cpuMs: number;
}

interface Task {
  readonly from: number;
  readonly to: number;
  readonly cpuMs: number;
  hasPatch: boolean;
  hasFrame: boolean;
}

/** Styles, layout and painting: what a frame does. */
const frameSteps = new Set(["UpdateLayoutTree", "Layout", "PrePaint", "Paint", "Layerize", "Commit"]);

/** @throws Error if the trace has no page */
export function readTrace(events: readonly TraceEvent[]): MainThread {
  const tasks = mainTasks(events);
  const cpuMs = tasks.reduce((sum, task) => sum + task.cpuMs, 0);
  const frames = framesOf(tasks);
  return {
    frames: frames.map((frame) => frame.cpuMs),
    longest: longestOf(frames),
    patches: patchesOf(tasks),
    cpuMs,
  };
}

type Frame = Pick<Task, "from" | "cpuMs">;

/** What follows the last frame is shown by none, and does not count. */
function framesOf(tasks: readonly Task[]): Frame[] {
  const frames: Frame[] = [];
  let sumMs = 0;
  for (const { from, cpuMs, hasFrame } of tasks) {
    sumMs += cpuMs;
    if (!hasFrame) continue;
    frames.push({ from, cpuMs: sumMs });
    sumMs = 0;
  }
  return frames;
}

function longestOf(frames: readonly Frame[]): number[] {
  const longest = new Map<number, number>();
  for (const { from, cpuMs } of frames) {
    const second = Math.floor(from / 1e6);
    longest.set(second, Math.max(cpuMs, longest.get(second) ?? 0));
  }
  return [...longest.values()];
}

/** The tasks of the thread on which the page has set its mark. */
function mainTasks(events: readonly TraceEvent[]): Task[] {
  const page = events.find(({ name }) => name === pageMark);
  if (page === undefined) throw new Error("the trace has no page");
  return tasksOf(events.filter(({ pid, tid }) => pid === page.pid && tid === page.tid));
}

function tasksOf(events: readonly TraceEvent[]): Task[] {
  const timed = events.filter(({ ph }) => ph !== "M").toSorted((one, other) => one.ts - other.ts);
  const tasks: Task[] = [];
  for (const { name, ts, dur = 0, tdur = 0 } of timed) {
    const task = tasks.at(-1);
    const isInside = task !== undefined && ts < task.to;
    if (name === "RunTask" && !isInside) {
      tasks.push({ from: ts, to: ts + dur, cpuMs: tdur / 1_000, hasPatch: false, hasFrame: false });
    } else if (isInside) {
      task.hasPatch ||= name === patchMark;
      task.hasFrame ||= frameSteps.has(name);
    }
  }
  return tasks;
}

/** If a second patch comes before the frame, the frame counts for that one: it shows both, and is made once. */
function patchesOf(tasks: readonly Task[]): number[] {
  const patches: number[] = [];
  let open: number | undefined;
  for (const task of tasks) {
    if (open !== undefined && (task.hasPatch || task.hasFrame)) {
      patches.push(task.hasPatch ? open : open + task.cpuMs);
      open = undefined;
    }
    if (task.hasPatch) open = task.cpuMs;
  }
  return open === undefined ? patches : [...patches, open];
}
