// Stops of a running session: it is told, let finish until a deadline, cut off, and its process ended; a receipt for each step
// that has its evidence (contract §5).
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
  /** A stop waits for this as well. */
  readonly background: Pick<Background, "isBusy" | "running">;
  readonly telling: StopTelling;
  /** Resolves once the CLI runs; with undefined when it never will. */
  readonly whenStarted: Promise<CliProcess | undefined>;
  /** What begins nothing new once a stop was taken. */
  readonly begun: readonly { stop(): unknown }[];
  readonly receipts: Pick<ReceiptQueue, "write">;
}

export interface Stops {
  take(order: TakenOrder): void;
  /** Nothing of the agent runs. */
  quiet(): void;
  /** The stop that the session ends by: the hardest that came. */
  stop(): TakenOrder | undefined;
  /** How the session ended, once it has. */
  endedHow(): string | undefined;
  /** The CLI has ended, in these words. Resolves when what became of every stop is written down, or queued. */
  ended(how: string): Promise<void>;
}

/** How long a stop that names no deadline lets the agent finish. */
const defaultDeadlineS = 60;
/** How long the tool that a forced stop cuts off may take to say so. */
const cutOffWithinMs = 1_000;
/** A timer cannot be set for longer than 24 days. */
const longestDeadlineS = 7 * 86_400;

export function createStops(options: StopsOptions): Stops {
  const { gate, turn, background, telling, whenStarted, begun, receipts } = options;
  /** Those whose end is not written yet. */
  const stops: TakenOrder[] = [];
  let stop: TakenOrder | undefined;
  let deadline: { readonly atMs: number; readonly timer: ReturnType<typeof setTimeout> } | undefined;
  let ending: Promise<void> | undefined;
  let endedHow: string | undefined;
  /** Why the turn is cut off, once it is. */
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
    settle(`${why}; ended: ${how}`);
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
      // A second one like the first is only another that waits for the same end.
      if (order.force && isHarder) void cutOff(order, "forced");
      else if (!order.force && stop?.force !== true) void finish(order);
    },
    quiet() {
      if (stop !== undefined) void end(cutOffWhy ?? "its turn had ended");
    },
    stop: () => stop,
    endedHow: () => endedHow,
    async ended(how) {
      await ending;
      await atMost(tellWithinMs, telling.settled());
      settle(`it ended by itself: ${how}`);
    },
  };
}
