// Stops a running session: tells the model, lets it finish until the deadline, then interrupts it and ends the CLI's process.
// Writes a receipt for each step for which there is evidence.
import type { TakenOrder } from "../../agent-link/read-order.ts";
import type { ReceiptQueue } from "../../agent-link/receipt-queue.ts";
import { backgroundWords } from "../../domain/fleet/session-reading.ts";
import { atMost, pause } from "../../waiting.ts";
import type { Background } from "../hear/background.ts";
import type { Turn } from "../hear/turn.ts";
import type { CliProcess } from "./cli-process.ts";
import type { Gate } from "./gate.ts";
import { type StopTelling, stopWords, tellWithinMs } from "./stop-telling.ts";

export interface StopsOptions {
  readonly gate: Pick<Gate, "shut">;
  readonly turn: Pick<Turn, "mayBeOpen">;
  /** A stop also waits until nothing runs in the background. */
  readonly background: Pick<Background, "isBusy" | "running">;
  readonly telling: StopTelling;
  /** Resolves when the CLI's process has started; with undefined if it will never start. */
  readonly whenStarted: Promise<CliProcess | undefined>;
  /** Stopped with the first stop: delivery and approvals, so that they begin nothing new. */
  readonly begun: readonly { stop(): unknown }[];
  readonly receipts: Pick<ReceiptQueue, "write">;
}

export interface Stops {
  take(order: TakenOrder): void;
  /** No turn runs, and nothing in the background: ends the process if there was a stop. */
  quiet(): void;
  /** The stop that is being carried out: the first one, or a later one with `force`. */
  stop(): TakenOrder | undefined;
  /** How the session ended, once it has. */
  endedHow(): string | undefined;
  /** Whether the turn is cut off: by a forced stop, or because the deadline has passed. */
  isCuttingOff(): boolean;
  /** The CLI has ended; `how` says how. Resolves when the final receipt of every stop is queued. */
  ended(how: string): Promise<void>;
}

/** How long a stop that names no deadline lets the agent finish. */
const defaultDeadlineS = 60;
/** How long the CLI may take to write down that its tool was interrupted. */
const cutOffWithinMs = 1_000;
/** No stop waits longer. A timer cannot run for more than 24 days. */
const longestDeadlineS = 7 * 86_400;

export function createStops(options: StopsOptions): Stops {
  const { gate, turn, background, telling, whenStarted, begun, receipts } = options;
  /** The stops without a final receipt. */
  const stops: TakenOrder[] = [];
  let stop: TakenOrder | undefined;
  let deadline: { readonly atMs: number; readonly timer: ReturnType<typeof setTimeout> } | undefined;
  let ending: Promise<void> | undefined;
  let endedHow: string | undefined;
  /** Why the turn was interrupted; undefined if it was not. */
  let cutOffWhy: string | undefined;

  const settle = (detail: string) => {
    endedHow = detail;
    clearTimeout(deadline?.timer);
    for (const { command_id } of stops.splice(0)) receipts.write({ command_id, state: "applied", detail });
  };
  const endProcess = async (why: string) => {
    clearTimeout(deadline?.timer);
    await telling.settled();
    const cli = await whenStarted;
    await cli?.end();
    const how = (await cli?.ended) ?? "it was not running";
    settle(`${why}; its process ended: ${how}`);
  };
  const end = (why: string): Promise<void> => {
    ending ??= endProcess(why);
    return ending;
  };
  const cutOff = async (order: TakenOrder, why: string) => {
    cutOffWhy = why;
    if (turn.mayBeOpen()) {
      await telling.tell(order, true);
      await pause(cutOffWithinMs);
    }
    if (endedHow === undefined) await end(why);
  };
  const leftRunning = () => {
    const words = backgroundWords(background.running());
    return words === "" ? "" : ` (${words})`;
  };
  const finish = async (order: TakenOrder) => {
    if (!turn.mayBeOpen() && !background.isBusy()) return await end("no turn ran");
    const deadlineS = Math.min(order.deadline_s ?? defaultDeadlineS, longestDeadlineS);
    const atMs = performance.now() + deadlineS * 1_000;
    if (deadline === undefined || atMs < deadline.atMs) {
      clearTimeout(deadline?.timer);
      const late = () => void cutOff(order, `it had not finished within ${deadlineS} s${leftRunning()}`);
      deadline = { atMs, timer: setTimeout(late, deadlineS * 1_000) };
    }
    await telling.tell(order, false);
  };

  return {
    take(order) {
      stops.push(order);
      if (endedHow !== undefined) return settle(endedHow);
      const isHarder = stop === undefined || (order.force && !stop.force);
      if (isHarder) {
        stop = order;
        gate.shut(stopWords(order));
        for (const each of begun) void each.stop();
      }
      // A second stop with `force` does nothing itself, because the first one already ends the process.
      if (order.force && isHarder) void cutOff(order, "forced");
      else if (!order.force && stop?.force !== true) void finish(order);
    },
    quiet() {
      if (stop !== undefined) void end(cutOffWhy ?? "its turn had ended");
    },
    stop: () => stop,
    endedHow: () => endedHow,
    isCuttingOff: () => cutOffWhy !== undefined,
    async ended(how) {
      await ending;
      await atMost(tellWithinMs, telling.settled());
      settle(`it ended by itself: ${how}`);
    },
  };
}
