// What a client is shown of a turn: the model's words and thoughts as they come, waits, and what was left out.
import type { CallForm } from "../domain/model-server.ts";
import type { ModelListener } from "./model/model-client.ts";
import { mayBecomeCall } from "./model/printed-calls.ts";

/** The updates of an ACP session that carry words. */
export interface WordsOut {
  readonly message: (text: string) => void;
  readonly thought: (text: string) => void;
  /** Tells something that a person should know and that the model has not said. @param isRetry whether the model is asked again */
  readonly notice: (text: string, isRetry: boolean) => void;
}

export interface Speaker extends ModelListener {
  /** The model begins an answer. */
  begin(calls: CallForm): void;
  /** The whole text of the answer that has come, without printed calls. */
  answer(text: string): void;
  /** Tells how many messages and results were left out of what the model gets. */
  shortened(removed: number): void;
}

/** Shows words as they come, but not what may become a printed call, and nothing of an answer that is forced into a call. */
export function createSpeaker({ message, thought, notice }: WordsOut): Speaker {
  let isShown = true;
  let waiting = "";
  let hasShown = false;
  let lastWait = "";
  return {
    begin(calls) {
      isShown = calls === "native";
      waiting = "";
      hasShown = false;
    },
    onText(text) {
      lastWait = "";
      if (!isShown) return;
      waiting += text;
      if (!hasShown && mayBecomeCall(waiting)) return;
      hasShown = true;
      message(waiting);
      waiting = "";
    },
    onThought: thought,
    onWait(why) {
      waiting = "";
      hasShown = false;
      if (why !== lastWait) notice(why, true);
      lastWait = why;
    },
    answer(text) {
      if (!hasShown && text !== "") message(text);
    },
    shortened(removed) {
      notice(`${removed} old messages and results were left out, because the model's context is full`, false);
    },
  };
}
