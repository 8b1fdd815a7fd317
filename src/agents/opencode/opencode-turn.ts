// The turn of an OpenCode session: how it goes, and how it ends. Measured with 1.18.33.
import { definedOf } from "../../domain/defined.ts";
import { atMost } from "../../waiting.ts";
import type { SessionListener } from "../live-session.ts";
import type { Asking } from "./opencode-asking.ts";
import type { OpencodeFailure, PropertiesOf } from "./opencode-events.ts";
import {
  abortedName,
  describeFailure,
  describeRetry,
  limitResetMs,
  type TurnFailure,
} from "./opencode-failures.ts";

export interface TurnOptions extends Pick<SessionListener, "onHook" | "onSign" | "onResult"> {
  readonly asking: Pick<Asking, "withdrawAll">;
  /** Gives the model a text that keeps its turn going. */
  readonly goOn: (text: string) => Promise<void>;
}

/** How long the next event waits for the host's answer at the end of a turn. A person may take longer. */
const endWithinMs = 200;
export const interrupted = "its turn was interrupted";

/** @param endCalls called when the turn is over: the calls that still run by our count were broken off */
export function createTurn({ asking, onHook, onSign, onResult, goOn }: TurnOptions, endCalls: () => void) {
  let isBusy = false;
  let wasAsked = false;
  let isHeldBack = false;
  let said: string | undefined;
  let failure: (TurnFailure & { readonly isAborted: boolean }) | undefined;
  /** Aborts when the end of the turn needs no answer any more, because another turn has begun. */
  let ending = new AbortController();
  /** The turn is over: asks the host whether it may end, and tells its result. */
  const end = async () => {
    isBusy = false;
    asking.withdrawAll();
    endCalls();
    const [text, failed, hadAnswer] = [said, failure, wasAsked];
    said = undefined;
    failure = undefined;
    wasAsked = false;
    if (failed !== undefined || !hadAnswer) {
      isHeldBack = false;
      // An interrupt between two tries of a request has no error.
      const isFailed = failed !== undefined && !failed.isAborted;
      const why = isFailed ? { text: failed.text, error: failed.error } : { text: interrupted };
      return onResult({ isError: true, wasAsked: hadAnswer, ...why });
    }
    ending = new AbortController();
    const { signal } = ending;
    const hook = {
      facts: { kind: "turn_end" as const },
      lastWords: text ?? "",
      isHeldBack,
      isSubagent: false,
    };
    const answer = await onHook(hook, signal);
    if (answer.type === "hold_back" && !signal.aborted) {
      isHeldBack = true;
      return await goOn(answer.reason);
    }
    isHeldBack = false;
    onResult({ isError: false, wasAsked: true, text: text ?? "", ...definedOf({ said: text }) });
  };
  return {
    isBusy: () => isBusy,
    noteAnswer() {
      wasAsked = true;
      // An error with a step after it did not end the turn: OpenCode has compacted a conversation that was too long, and goes on.
      failure = undefined;
    },
    noteWords(text: string) {
      said = text;
    },
    async takeStatus({ type, attempt, message, next }: PropertiesOf<"session.status">["status"]) {
      if (type === "idle") {
        if (isBusy) await atMost(endWithinMs, end());
        return;
      }
      isBusy = true;
      ending.abort();
      if (type === "retry") onSign({ type: "retry", ...describeRetry(attempt, message, next, new Date()) });
    },
    async fail(error: OpencodeFailure) {
      const resetsAtMs = limitResetMs(error, new Date());
      if (resetsAtMs !== undefined) onSign({ type: "limit", resetsAtMs });
      failure = { ...describeFailure(error), isAborted: error.name === abortedName };
      // A prompt that fails before it becomes a turn has no end of its own.
      if (!isBusy && !failure.isAborted) await end();
    },
  };
}
