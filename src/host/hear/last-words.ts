// Keeps what the model said at the end of its turn, and sends it as an event `said`, once for each turn.
import { beginningOf } from "../../domain/receipts.ts";
import { redact } from "../../domain/text/redact.ts";
import type { EventSender } from "../event-sender.ts";

export interface LastWords {
  /** Notes what the model said at a possible end of its turn. Undefined changes nothing. */
  note(words: string | undefined): void;
  /** The turn is over: sends the event. Call it before the event for the turn's end, so that whoever waits for that end finds the words. Returns the words. */
  tell(): string;
}

/** 4,000 with the "…" that a cut adds, which is the limit of an event `said`. */
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
      return detail;
    },
  };
}
