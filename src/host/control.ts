// Pause, resume and stop of a running session: what the gate, the CLI's process and the model are told, and a receipt for
// each step that has its evidence (contract §5).
import { isStop, type TakenOrder } from "../agent-link/read-order.ts";
import type { ReceiptQueue } from "../agent-link/receipt-queue.ts";
import { atMost } from "../agent-link/waiting.ts";
import { messageOf } from "../domain/text/errors.ts";
import type { Logger } from "../log.ts";
import type { Gate } from "./gate.ts";
import type { Turn } from "./turn.ts";

/** The CLI as a process of ours. */
export interface CliProcess {
  /** Asks it to end. */
  terminate(): void;
  kill(): void;
  /** Resolves with how it ended, in words: `exit code 0`, `SIGTERM`. */
  readonly ended: Promise<string>;
}

export interface ControlOptions {
  readonly gate: Gate;
  readonly turn: Turn;
  /** Resolves once the CLI runs; with undefined when it never will. */
  readonly whenStarted: Promise<CliProcess | undefined>;
  /** Tells the model at once, and writes down by which way; `cutOff` stops the running tool. */
  readonly tell: (order: TakenOrder, words: string, cutOff: boolean) => Promise<void>;
  /** A stop was taken: nothing new is begun any more. */
  readonly onStop: () => void;
  readonly receipts: Pick<ReceiptQueue, "write">;
  /** How long a stop that names no deadline lets the agent finish. */
  readonly defaultDeadlineS: number;
  readonly log: Logger;
}

export interface Control {
  take(order: TakenOrder): void;
  /** A tool call is held at the gate. */
  held(): void;
  /** Nothing of the agent runs. */
  turnEnded(): void;
  /** The stop that the session ends by: the hardest that came. */
  stop(): TakenOrder | undefined;
  /** The CLI has ended, in these words. Resolves when what became of every order is written down, or queued. */
  ended(how: string): Promise<void>;
}

/** What a CLI that was asked to end is given for it. */
const endWithinMs = 5_000;
/** How long telling a stop may take: a CLI that takes nothing is to be ended all the same. */
const tellWithinMs = 3_000;
/** How long the tool that a forced stop cuts off may take to say so. */
const cutOffWithinMs = 1_000;
/** A timer cannot be set for longer than 24 days. */
const longestDeadlineS = 7 * 86_400;

export function createControl(options: ControlOptions): Control {
  const { gate, turn, whenStarted, onStop, receipts, defaultDeadlineS, log } = options;
  /** Pauses that have not been seen to hold; true once their receipt `injected` is written. */
  const pauses = new Map<string, boolean>();
  /** Resumes of which nothing is written yet, while no hook was called that can hold. */
  const resumes = new Set<string>();
  /** Stops whose end is not written yet. */
  const stops: TakenOrder[] = [];
  let stop: TakenOrder | undefined;
  let deadline: { readonly atMs: number; readonly timer: ReturnType<typeof setTimeout> } | undefined;
  let ending: Promise<void> | undefined;
  let endedHow: string | undefined;
  /** The receipt of what the model was told comes before the one of its end. */
  let telling = Promise.resolve();

  const write = (command_id: string, state: "injected" | "applied" | "failed", detail?: string) =>
    receipts.write({
      ...{ command_id, state, route: "hook" },
      ...(detail === undefined ? {} : { detail }),
    });
  const tellPause = (id: string) => {
    if (pauses.get(id) === false) write(id, "injected");
    pauses.set(id, true);
  };
  const settlePauses = (state: "applied" | "failed", detail: string, ids = [...pauses.keys()]) => {
    for (const id of ids.filter((each) => pauses.has(each))) {
      if (state === "applied") tellPause(id);
      write(id, state, detail);
      pauses.delete(id);
    }
  };
  const pause = async ({ command_id, from }: TakenOrder) => {
    gate.pause(from);
    pauses.set(command_id, false);
    await turn.whenHeld;
    // Let go in the meantime: that says what became of it.
    if (!pauses.has(command_id) || gate.pausedBy() === undefined) return;
    tellPause(command_id);
    if (!turn.isOpen()) settlePauses("applied", "no turn runs; the next tool call is held");
    else if (gate.isHolding()) settlePauses("applied", "a tool call is held already");
  };
  const resume = async ({ command_id }: TakenOrder) => {
    const wasPaused = gate.pausedBy() !== undefined;
    const letGo = [...pauses.keys()];
    gate.resume();
    resumes.add(command_id);
    await turn.whenHeld;
    settlePauses("applied", "let go before a tool call came", letGo);
    if (!resumes.delete(command_id)) return;
    write(command_id, "injected");
    write(command_id, "applied", wasPaused ? "let go" : "it was not paused");
  };

  const settleStops = (detail: string) => {
    endedHow = detail;
    clearTimeout(deadline?.timer);
    for (const { command_id } of stops.splice(0)) {
      receipts.write({ command_id, state: "applied", detail });
    }
  };
  /** Ends the process by its own handle, harder when it does not go. */
  const endProcess = async (why: string) => {
    clearTimeout(deadline?.timer);
    await telling;
    const cli = await whenStarted;
    cli?.terminate();
    const timer = setTimeout(() => cli?.kill(), endWithinMs);
    const how = (await cli?.ended) ?? "it was not running";
    clearTimeout(timer);
    settleStops(`${why}; ended: ${how}`);
  };
  const end = (why: string): Promise<void> => {
    ending ??= endProcess(why);
    return ending;
  };
  const tell = (order: TakenOrder, cutOff: boolean): Promise<void> => {
    const saying = () => atMost(tellWithinMs, options.tell(order, stopWords(order), cutOff));
    telling = telling
      .then(saying)
      .catch((error: unknown) => log.info(`${order.command_id} is not told: ${messageOf(error)}`));
    return telling;
  };
  const cutOff = async (order: TakenOrder, why: string) => {
    if (turn.mayBeOpen()) {
      await tell(order, true);
      await new Promise((resolve) => setTimeout(resolve, cutOffWithinMs));
    }
    if (endedHow === undefined) await end(why);
  };
  const finish = async (order: TakenOrder) => {
    if (!turn.mayBeOpen()) return await end("no turn ran");
    const deadlineS = Math.min(order.deadline_s ?? defaultDeadlineS, longestDeadlineS);
    const atMs = performance.now() + deadlineS * 1_000;
    if (deadline === undefined || atMs < deadline.atMs) {
      clearTimeout(deadline?.timer);
      const late = () => void cutOff(order, `it had not finished within ${deadlineS} s`);
      deadline = { atMs, timer: setTimeout(late, deadlineS * 1_000) };
    }
    await tell(order, false);
  };
  const takeStop = (order: TakenOrder) => {
    stops.push(order);
    if (endedHow !== undefined) return settleStops(endedHow);
    const isHarder = stop === undefined || (order.force && !stop.force);
    if (isHarder) {
      stop = order;
      gate.shut(stopWords(order));
      onStop();
    }
    // A second one like the first is only another that waits for the same end.
    if (order.force && isHarder) void cutOff(order, "forced");
    else if (!order.force && stop?.force !== true) void finish(order);
  };

  return {
    take(order) {
      if (isStop(order)) takeStop(order);
      else if (endedHow !== undefined)
        write(order.command_id, "failed", `the session has ended: ${endedHow}`);
      else if (order.type === "pause") void pause(order);
      else if (order.type === "resume") void resume(order);
    },
    held: () => settlePauses("applied", "a tool call is held before it starts"),
    turnEnded() {
      settlePauses("applied", "the turn has ended; the next tool call is held");
      if (stop !== undefined) void end("its turn had ended");
    },
    stop: () => stop,
    async ended(how) {
      await ending;
      await atMost(tellWithinMs, telling);
      settleStops(`it ended by itself: ${how}`);
      const detail = `the session has ended: ${how}`;
      settlePauses("failed", detail);
      for (const id of resumes) write(id, "failed", detail);
      resumes.clear();
    },
  };
}

/** With the mark by which the session shows that it has them. */
function stopWords({ type, command_id, from, reason }: TakenOrder): string {
  const why = reason === "" ? "" : ` (${reason})`;
  return `[cliai ${type} ${command_id}] ${from} has asked you to stop${why}. Start no other tool but cliai's own: say in one report_status what is done and what is left, then end your turn.`;
}
