// Adds to the event of a turn that has failed at a usage limit, or of a request that is made again at one, when that limit ends: as the CLI has told it by figures, or else by its words.
import { isBelieved, readResetMs } from "../domain/limits/reset-words.ts";
import type { EventSender, SessionEvent } from "./event-sender.ts";

/** A turn has failed, or the CLI asks its model again by itself. */
const limitKinds: readonly string[] = ["turn_failed", "retry"];

/** A CLI that asks again by itself is soon past a limit with a nearer end, so it holds no other agents. */
const shortestRetryMs = 60_000;

export interface LimitSender extends EventSender {
  /** The CLI has told when the limit ends that is reached now. @param resetsAtMs ms since 1970 */
  noteLimit(resetsAtMs: number): void;
}

/**
 * @param zone the time zone of this machine, in which the CLI names times
 * @param onSent called with each event before it is sent
 */
export function withLimits(
  sender: EventSender,
  now: () => Date,
  zone: string,
  onSent: (event: SessionEvent) => void = () => undefined,
): LimitSender {
  let toldMs: number | undefined;
  const resetOf = ({ kind, detail = "" }: SessionEvent): number | undefined => {
    const nowMs = now().getTime();
    const isTold = toldMs !== undefined && isBelieved(toldMs, nowMs);
    const resetMs = isTold ? toldMs : readResetMs(detail, nowMs, zone);
    const isShort = kind === "retry" && resetMs !== undefined && resetMs - nowMs < shortestRetryMs;
    return isShort ? undefined : resetMs;
  };
  return {
    ...sender,
    noteLimit(resetsAtMs) {
      toldMs = resetsAtMs;
    },
    send(event) {
      const isLimit = limitKinds.includes(event.kind) && event.error === "usage_limit";
      const resetMs = isLimit && event.limit_resets_at === undefined ? resetOf(event) : undefined;
      const told =
        resetMs === undefined ? event : { ...event, limit_resets_at: new Date(resetMs).toISOString() };
      onSent(told);
      sender.send(told);
    },
  };
}
