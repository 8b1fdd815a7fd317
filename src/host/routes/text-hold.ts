// Keeps texts from a session whose model must not be asked now, so that they wait in the agent's queue instead of failing one after the other. It
// begins when a turn of the session fails at a usage limit, or with a pause that says so (`holds_texts`), and ends with the resume. Serve's task to
// go on is not kept.
import type { TakenOrder } from "../../agent-link/read-order.ts";
import { firstWaitMs } from "../../domain/limits/account-limit.ts";
import { isGoOn } from "../../domain/limits/go-on.ts";
import { failureOfWords } from "../../domain/model-failure.ts";
import type { SessionEvent } from "../event-sender.ts";

export interface TextHold {
  /** The session's events, in their order. */
  noteEvent(event: TurnEvent): void;
  /** A pause or a resume is carried out. */
  noteOrder(order: Pick<TakenOrder, "type" | "reason" | "holds_texts">): void;
  /** The session has got this item. */
  noteGiven(item: OrderNames): void;
  /** Why the item is not given now; undefined if nothing keeps it. */
  why(item: OrderNames): string | undefined;
  /** Called when texts may be given again. */
  onLetGo(listener: () => void): void;
  stop(): void;
}

type TurnEvent = Pick<SessionEvent, "kind" | "error" | "detail" | "limit_resets_at">;

interface OrderNames {
  readonly id: string;
  readonly from: string;
}

/** So long after its end, serve's task to go on goes before what waits. */
export const goOnWithinMs = 5_000;
const lookEveryMs = 500;

export function createTextHold(now: () => Date): TextHold {
  /** Why a pause keeps texts. */
  let pausedFor: string | undefined;
  /** After a turn that has failed at a limit: until when serve's task to go on is awaited, in ms since 1970. */
  let failedUntilMs: number | undefined;
  let timer: ReturnType<typeof setInterval> | undefined;
  let letGo: () => void = () => undefined;
  const isHeld = () => pausedFor !== undefined || failedUntilMs !== undefined;
  const change = (make?: () => void) => {
    const wasHeld = isHeld();
    make?.();
    // A pause that outlasts the limit does not end the wait: serve gives the task to go on after the resume.
    const waitsUntilMs = pausedFor === undefined ? failedUntilMs : undefined;
    // By the wall clock, because a machine may sleep over the end.
    if (waitsUntilMs !== undefined && now().getTime() >= waitsUntilMs) failedUntilMs = undefined;
    if (waitsUntilMs !== undefined && failedUntilMs !== undefined) timer ??= setInterval(change, lookEveryMs);
    else {
      clearInterval(timer);
      timer = undefined;
    }
    if (wasHeld && !isHeld()) letGo();
  };
  const setFailed = (untilMs: number | undefined) =>
    change(() => {
      failedUntilMs = untilMs;
    });
  return {
    noteEvent(event) {
      const { kind, limit_resets_at } = event;
      if (kind !== "turn_end" && kind !== "turn_failed") return;
      if (kind === "turn_end" || !isLimit(event)) return setFailed(undefined);
      const endMs =
        limit_resets_at === undefined ? now().getTime() + firstWaitMs : Date.parse(limit_resets_at);
      setFailed(endMs + goOnWithinMs);
    },
    noteOrder({ type, reason, holds_texts }) {
      if (type === "pause" && holds_texts === true) {
        change(() => {
          pausedFor = `it is held: ${reason}`;
        });
      }
      if (type !== "resume") return;
      change(() => {
        pausedFor = undefined;
        if (failedUntilMs !== undefined) failedUntilMs = now().getTime() + goOnWithinMs;
      });
    },
    noteGiven(item) {
      if (isGoOn(item)) setFailed(undefined);
    },
    why: (item) => (isHeld() && !isGoOn(item) ? (pausedFor ?? "its model is at a usage limit") : undefined),
    onLetGo(listener) {
      letGo = listener;
    },
    stop() {
      clearInterval(timer);
    },
  };
}

/** The result of a turn may come before the hook that names the failure. */
function isLimit({ error = "other", detail = "" }: TurnEvent): boolean {
  return error === "usage_limit" || (error === "other" && failureOfWords(detail) === "usage_limit");
}
