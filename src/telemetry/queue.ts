// What waits to be sent: a bounded queue, which never makes serve wait. If the collector is away, the oldest are dropped, and counted.
import { atMost, pause } from "../waiting.ts";
import type { Outcome } from "./send.ts";

/** The defaults of OpenTelemetry's batch processors. */
const mostWaiting = 2_048;
const batchSize = 512;
const sendAfterMs = 5_000;

const firstRetryMs = 1_000;
const longestRetryMs = 30_000;

export interface Queue<T> {
  add(item: T): void;
  figures(): QueueFigures;
  /** Sends what waits, for `graceMs` at most; what is left is dropped. */
  stop(graceMs: number): Promise<void>;
}

export interface QueueFigures {
  /** What the collector has taken. */
  readonly sent: number;
  /** What was not sent: it did not fit into the queue, or the collector has refused it. */
  readonly dropped: number;
}

export interface QueueOptions<T> {
  /** Sends a batch once. @returns the outcome, and how many of the batch the collector has refused although it took the request */
  readonly send: (batch: readonly T[], signal: AbortSignal) => Promise<Outcome & { rejected?: number }>;
  /** Called after each try: with the reason if it has failed. */
  readonly onTried: (reason: string | undefined) => void;
  /** Default 5000. */
  readonly sendAfterMs?: number;
}

export function createQueue<T>(options: QueueOptions<T>): Queue<T> {
  let waiting: T[] = [];
  let sent = 0;
  let dropped = 0;
  let wake = Promise.withResolvers<void>();
  /** Aborts when the queue is to be emptied for the last time, and when the time for that is over. */
  const [ending, over] = [new AbortController(), new AbortController()];

  const keepNewest = (items: T[]) => {
    waiting = items.slice(-mostWaiting);
    dropped += items.length - waiting.length;
  };
  /** Sends until nothing waits, or a try fails. @returns how long to wait before the next try; undefined if nothing waits */
  const sendAll = async (failures: number): Promise<number | undefined> => {
    while (waiting.length > 0 && !over.signal.aborted) {
      const batch = waiting.splice(0, batchSize);
      const outcome = await options.send(batch, over.signal);
      options.onTried(outcome.type === "taken" ? undefined : outcome.reason);
      if (outcome.type === "again") {
        keepNewest([...batch, ...waiting]);
        const ownMs = Math.min(firstRetryMs * 2 ** failures, longestRetryMs);
        // A collector may ask for 0 s. Then it would be asked again without any pause.
        return Math.max(firstRetryMs, outcome.waitMs ?? ownMs);
      }
      const refused = outcome.type === "refused" ? batch.length : (outcome.rejected ?? 0);
      dropped += refused;
      sent += batch.length - refused;
    }
    return undefined;
  };
  const run = async () => {
    let failures = 0;
    let waitMs: number | undefined;
    for (;;) {
      if (waitMs === undefined) await atMost(options.sendAfterMs ?? sendAfterMs, wake.promise);
      else await pause(waitMs, ending.signal);
      if (ending.signal.aborted) break;
      wake = Promise.withResolvers();
      waitMs = await sendAll(failures);
      failures = waitMs === undefined ? 0 : failures + 1;
    }
    await sendAll(0);
    dropped += waiting.length;
    waiting = [];
  };
  const done = run();

  return {
    add(item) {
      if (ending.signal.aborted) return;
      waiting.push(item);
      if (waiting.length > mostWaiting) keepNewest(waiting);
      if (waiting.length >= batchSize) wake.resolve();
    },
    figures: () => ({ sent, dropped }),
    async stop(graceMs) {
      ending.abort();
      wake.resolve();
      await atMost(graceMs, done);
      over.abort();
      await done;
    },
  };
}
