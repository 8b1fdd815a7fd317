// The ends of the session's turns: by the hooks of our settings, or by the results of its stream, and what each end settles.
import type { ReceiptQueue } from "../../agent-link/receipt-queue.ts";
import type { HookAnswer } from "../../domain/hook.ts";
import { summaryOf } from "../../domain/receipts.ts";
import type { EventSender } from "../event-sender.ts";
import type { Control } from "../steer/control.ts";
import type { Delivery } from "../ways/delivery.ts";
import type { Ways } from "../ways/routes.ts";
import type { OpenDialogs } from "./open-dialogs.ts";
import type { Turn } from "./turn.ts";

export interface TurnResult {
  readonly isError: boolean;
  readonly text: string;
}

export interface TurnEnds {
  /** A hook of our settings is called: where a user's own take their place, the stream's results tell the ends of turns. */
  noteSettings(): void;
  /** What the CLI's hook at the end of a turn was answered. */
  noteAnswer(answer: HookAnswer): void;
  /** Nothing of the agent runs. */
  ended(): void;
  /** The session's record says that its user has broken a turn off: no hook tells that. */
  interrupted(promptId: string): void;
  /** The CLI says that a turn is over: the end of the tasks that it had, unless the agent has told another. */
  takeResult(result: TurnResult): void;
}

export interface TurnEndsOptions {
  readonly turn: Turn;
  readonly ways: Pick<Ways, "hook">;
  readonly delivery: Pick<Delivery, "takeSeenTasks">;
  readonly control: Pick<Control, "turnEnded">;
  readonly events: Pick<EventSender, "send">;
  readonly receipts: Pick<ReceiptQueue, "write">;
  readonly dialogs: Pick<OpenDialogs, "turnEnded">;
  readonly nudge: () => void;
  /** Whether somebody has to approve the ends of turns. */
  readonly approvesEnds: boolean;
}

const overriddenEnd = "its end was refused, and its CLI has ended the turn all the same";

export function createTurnEnds(options: TurnEndsOptions): TurnEnds {
  const { turn, ways, delivery, control, events, receipts, dialogs, nudge, approvesEnds } = options;
  let hasSettings = false;
  /** Whether the last end of a turn was refused: after that the CLI has another one, but where it overrides the refusal. */
  let isEndRefused = false;

  const ended = () => {
    turn.end();
    dialogs.turnEnded();
    ways.hook.turnEnded();
    control.turnEnded();
    nudge();
  };
  return {
    ended,
    interrupted(promptId) {
      if (!turn.isOpen() || turn.promptId() !== promptId) return;
      events.send({ kind: "turn_end", detail: "interrupted by its user" });
      ended();
    },
    noteSettings() {
      hasSettings = true;
    },
    noteAnswer({ type }) {
      isEndRefused = type === "hold_back" && approvesEnds;
    },
    takeResult({ isError, text }) {
      const isOverridden = isEndRefused;
      isEndRefused = false;
      const detail = summaryOf(`${isOverridden ? overriddenEnd : "its turn has ended"}: ${text}`);
      const isFailed = isError || isOverridden;
      for (const command_id of delivery.takeSeenTasks()) {
        receipts.write({ command_id, state: isFailed ? "failed" : "applied", route: "result", detail });
      }
      if ((hasSettings && !isOverridden) || !turn.isOpen()) return;
      events.send(isFailed ? { kind: "turn_failed", error: "other", detail } : { kind: "turn_end" });
      ended();
    },
  };
}
