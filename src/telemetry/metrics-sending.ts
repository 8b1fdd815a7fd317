// Sends the metrics at each interval. A request that fails is not repeated, because the next one says all that it said.
import { messageOf } from "../domain/text/errors.ts";
import { atMost, pause } from "../waiting.ts";
import type { Queue } from "./queue.ts";
import type { Outcome } from "./send.ts";

/** Its figures count requests. */
export type MetricsSending = Pick<Queue<never>, "figures" | "stop">;

export interface MetricsSendingOptions {
  readonly everyMs: number;
  /** Gathers the metrics and sends them once. Throws if they cannot be gathered. */
  readonly send: (signal: AbortSignal) => Promise<Outcome>;
  /** Called after each try: with the reason if it has failed. */
  readonly onTried: (reason: string | undefined) => void;
}

export function startMetricsSending({ everyMs, send, onTried }: MetricsSendingOptions): MetricsSending {
  let sent = 0;
  let dropped = 0;
  const ending = new AbortController();
  const { signal } = ending;
  const sendOnce = async () => {
    const outcome = await send(signal).catch(notGathered);
    if (signal.aborted) return;
    const isTaken = outcome.type === "taken";
    onTried(isTaken ? undefined : outcome.reason);
    if (isTaken) sent += 1;
    else dropped += 1;
  };
  const run = async () => {
    for (;;) {
      await pause(everyMs, signal);
      if (signal.aborted) return;
      await sendOnce();
    }
  };
  const done = run();
  return {
    figures: () => ({ sent, dropped }),
    async stop(graceMs) {
      ending.abort();
      await atMost(graceMs, done);
    },
  };
}

function notGathered(error: unknown): Outcome {
  return { type: "refused", reason: `they cannot be gathered: ${messageOf(error)}` };
}
