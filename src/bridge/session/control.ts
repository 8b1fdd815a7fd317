// Pause, resume and stop of a running session: what the gate, the CLI's process and the model are told, and a receipt for
// each step that has its evidence (contract §5).
import type { Receipt } from "../../domain/messages.ts";
import { isStop, type TakenOrder } from "../read-order.ts";
import type { Gate } from "./gate.ts";

/** The CLI as a process of ours. */
export interface CliProcess {
  /** Asks it to end. */
  terminate(): void;
  kill(): void;
  /** Resolves with how it ended, in words: `exit code 0`, `SIGTERM`. */
  readonly ended: Promise<string>;
}

export type WriteReceipt = (
  facts: Pick<Receipt, "command_id" | "state" | "route" | "detail">,
) => Promise<void>;

export interface ControlOptions {
  readonly gate: Gate;
  readonly process: () => CliProcess | undefined;
  readonly isTurnOpen: () => boolean;
  /** The CLI has called a hook: only then is the gate one that its tools come to. */
  readonly whenHooked: Promise<void>;
  /** Tells the model to finish, and writes down by which way; `cutOff` stops the running tool. */
  readonly tellStop: (order: TakenOrder, words: string, cutOff: boolean) => Promise<void>;
  readonly writeReceipt: WriteReceipt;
  /** How long a stop that names no deadline lets the agent finish. */
  readonly defaultDeadlineS: number;
}

export interface Control {
  take(order: TakenOrder): void;
  /** A tool call is held at the gate. */
  held(): void;
  /** The turn has ended: nothing of the agent runs. */
  turnEnded(): void;
  /** The stop that the session ends by. */
  stop(): TakenOrder | undefined;
  /** Resolves when what became of that stop is written down. */
  settled(): Promise<void>;
}

/** What a CLI that was asked to end is given for it. */
const endWithinMs = 5_000;
/** How long the tool that a forced stop cuts off may take to say so. */
const cutOffWithinMs = 1_000;
/** A timer cannot be set for longer than 24 days. */
const longestDeadlineS = 7 * 86_400;

export function createControl(options: ControlOptions): Control {
  const { gate, process, isTurnOpen, whenHooked, tellStop, writeReceipt, defaultDeadlineS } = options;
  let pauseId: string | undefined;
  let stop: TakenOrder | undefined;
  let deadline: ReturnType<typeof setTimeout> | undefined;
  let ending: Promise<void> | undefined;
  /** The receipt of what the model was told comes before the one of its end. */
  let telling = Promise.resolve();

  const paused = (evidence: string) => {
    if (pauseId === undefined) return;
    void writeReceipt({ command_id: pauseId, state: "applied", route: "hook", detail: evidence });
    pauseId = undefined;
  };
  const pause = async ({ command_id, from }: TakenOrder) => {
    gate.pause(from);
    pauseId = command_id;
    await whenHooked;
    void writeReceipt({ command_id, state: "injected", route: "hook" });
    if (pauseId === command_id && !isTurnOpen()) paused("no turn runs; the next tool call is held");
  };
  const resume = async ({ command_id }: TakenOrder) => {
    const wasPaused = gate.pausedBy() !== undefined;
    gate.resume();
    pauseId = undefined;
    await whenHooked;
    await writeReceipt({ command_id, state: "injected", route: "hook" });
    const detail = wasPaused ? "let go" : "it was not paused";
    await writeReceipt({ command_id, state: "applied", route: "hook", detail });
  };

  /** Ends the process by its own handle, harder when it does not go. */
  const endProcess = async ({ command_id }: TakenOrder, why: string) => {
    clearTimeout(deadline);
    await telling.catch(() => undefined); // what could not be told shows by its missing receipt
    const cli = process();
    cli?.terminate();
    const timer = setTimeout(() => cli?.kill(), endWithinMs);
    const how = (await cli?.ended) ?? "it was not running";
    clearTimeout(timer);
    await writeReceipt({ command_id, state: "applied", detail: `${why}; ended: ${how}` });
  };
  const end = (order: TakenOrder, why: string): Promise<void> => {
    ending ??= endProcess(order, why);
    return ending;
  };
  const cutOff = async (order: TakenOrder, why: string) => {
    if (isTurnOpen()) {
      telling = tellStop(order, stopWords(order), true);
      await telling;
      await new Promise((resolve) => setTimeout(resolve, cutOffWithinMs));
    }
    await end(order, why);
  };
  const finish = async (order: TakenOrder) => {
    if (!isTurnOpen()) return await end(order, "no turn ran");
    const deadlineS = Math.min(order.deadline_s ?? defaultDeadlineS, longestDeadlineS);
    deadline = setTimeout(
      () => void cutOff(order, `it had not finished within ${deadlineS} s`),
      deadlineS * 1_000,
    );
    telling = tellStop(order, stopWords(order), false);
    await telling;
  };
  const takeStop = (order: TakenOrder) => {
    const isHarder = order.force && stop?.force === false;
    if (stop !== undefined && !isHarder) return;
    stop = order;
    gate.shut(stopWords(order));
    void (order.force ? cutOff(order, "forced") : finish(order));
  };

  return {
    take(order) {
      if (isStop(order)) takeStop(order);
      else if (order.type === "pause") void pause(order);
      else if (order.type === "resume") void resume(order);
    },
    held: () => paused("a tool call is held before it starts"),
    turnEnded() {
      paused("the turn has ended; the next tool call is held");
      if (stop !== undefined) void end(stop, "its turn had ended");
    },
    stop: () => stop,
    settled: async () => await ending,
  };
}

function stopWords({ from, reason }: TakenOrder): string {
  const why = reason === "" ? "" : ` (${reason})`;
  return `${from} has asked you to stop${why}. Start no other tool but cliai's own: say in one report_status what is done and what is left, then end your turn.`;
}
