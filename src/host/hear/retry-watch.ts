// Watches the screen of a CLI on a terminal, because only the screen tells that the CLI repeats a request to its model.
import type { RetryShown } from "../../domain/hook.ts";
import type { Logger } from "../../log.ts";
import type { EventSender } from "../event-sender.ts";
import { lookAgain } from "../look-again.ts";
import type { Turn } from "./turn.ts";

export interface RetryWatchOptions {
  readonly turn: Pick<Turn, "isOpen">;
  readonly events: Pick<EventSender, "send">;
  readonly log: Logger;
  /** How often the screen is read. Default 2000. */
  readonly everyMs?: number;
}

export interface RetryWatch {
  /** @param readRetry reads the screen, and resolves with the retry that it shows; undefined if it shows none */
  start(readRetry: () => Promise<RetryShown | undefined>): void;
  stop(): void;
}

const defaultEveryMs = 2_000;

/** Reads the screen only while a turn runs, because between turns the CLI makes no requests. */
export function createRetryWatch(options: RetryWatchOptions): RetryWatch {
  const { turn, events, log, everyMs = defaultEveryMs } = options;
  const isOver = new AbortController();
  let told = "";
  const tell = (retry: RetryShown | undefined) => {
    const detail = retry?.detail ?? "";
    if (detail === told) return;
    told = detail;
    events.send(retry === undefined ? { kind: "retry_end" } : { kind: "retry", ...retry });
  };
  return {
    start(readRetry) {
      const look = async () => {
        if (turn.isOpen()) tell(await readRetry());
        // No event `retry_end` is needed: the event for the turn's end has ended the retry.
        else told = "";
      };
      void lookAgain(look, { everyMs, signal: isOver.signal, log });
    },
    stop: () => isOver.abort(),
  };
}
