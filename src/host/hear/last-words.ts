// Keeps what the model said at the end of its turn, and tells it once for each turn.
import { beginningOf } from "../../domain/receipts.ts";
import { redact } from "../../domain/text/redact.ts";
import type { EventSender } from "../event-sender.ts";

export interface LastWords {
  /** The model has said this at an end of its turn, which may still go on. Undefined leaves the words as they were. */
  note(words: string | undefined): void;
  /** The turn is over. To be called before that is told: whoever waits for the end finds the words. */
  tell(): void;
}

/** With the mark of the cut 4,000, as whoever reads `said` may expect. */
const mostCharacters = 3_999;

export function createLastWords(events: Pick<EventSender, "send">): LastWords {
  let last = "";
  return {
    note(words) {
      last = words ?? last;
    },
    tell() {
      const detail = beginningOf(redact(last.trim()).toWellFormed(), mostCharacters);
      last = "";
      if (detail !== "") events.send({ kind: "said", detail });
    },
  };
}
