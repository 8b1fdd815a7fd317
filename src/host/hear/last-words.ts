// Keeps what the model says in its turn, and sends it as events `said`: the words after which the model went on, and last the words at the
// end of the turn.

import { redact } from "../../domain/text/redact.ts";
import { beginningOf } from "../../domain/text/summary.ts";
import type { EventSender } from "../event-sender.ts";

export interface LastWords {
  /** The model has said this. If it goes on after that, by a tool (`callsTool`) or more words, it was said in the middle of the turn. */
  heard(words: string, callsTool?: boolean): void;
  /** The model calls a tool: what it said before is not the end of its turn. */
  goesOn(): void;
  /** Notes what the model said at a possible end of its turn. Undefined changes nothing. */
  note(words: string | undefined): void;
  /** The turn is over: sends the event. Call it before the event for the turn's end, so that whoever waits for that end finds the words. Returns the words. */
  tell(): string;
}

export interface LastWordsOptions {
  readonly events: Pick<EventSender, "send">;
  readonly now: () => Date;
}

/** 4,000 with the "…" that a cut adds, which is the limit of an event `said`. */
const mostCharacters = 3_999;
/** The limit of events in the middle of turns: this many at once, and one more in each `oneMoreMs`. Words above the limit wait, and are sent as one event. */
const mostAtOnce = 20;
const oneMoreMs = 3_000;

export function createLastWords({ events, now }: LastWordsOptions): LastWords {
  const mayTell = createRateLimit(now);
  /** What was heard last, and may be the end of the turn. */
  let heard = "";
  /** What was said in the middle of the turn, and is not sent yet. */
  let middle: string[] = [];
  let last = "";
  /** The words at the end of the last turn. A session's record may tell them once more when the turn is over. */
  let toldLast = "";

  const send = (words: string): string => {
    const detail = beginningOf(words, mostCharacters);
    if (detail !== "") events.send({ kind: "said", detail });
    return detail;
  };
  const sendMiddle = () => {
    send(middle.join("\n"));
    middle = [];
  };
  const keep = (words: string) => {
    // Words for which an event has no room are not kept.
    if (words !== "" && middle.join("\n").length < mostCharacters) middle.push(words);
  };
  const goOn = () => {
    keep(heard);
    heard = "";
    if (middle.length > 0 && mayTell()) sendMiddle();
  };
  const goesOn = () => {
    toldLast = "";
    last = "";
    goOn();
  };
  return {
    heard(words, callsTool = false) {
      const text = cleaned(words);
      if (text !== "" && text !== toldLast) {
        goOn();
        heard = text;
      }
      if (callsTool) goesOn();
    },
    goesOn,
    note(words) {
      if (words !== undefined) last = cleaned(words);
    },
    tell() {
      if (!last.endsWith(heard)) keep(heard);
      sendMiddle();
      const told = send(last);
      if (last !== "") toldLast = last;
      heard = "";
      last = "";
      return told;
    },
  };
}

/** Removes secrets. Do this before the text is cut, because a part of a secret is not recognised. */
function cleaned(words: string): string {
  return redact(words.trim()).toWellFormed();
}

/** Returns a function that says whether one more is allowed now. */
function createRateLimit(now: () => Date): () => boolean {
  let left = mostAtOnce;
  let countedAtMs = now().getTime();
  return () => {
    const atMs = now().getTime();
    // A clock that was set back neither adds nor removes events.
    const gained = Math.max(0, atMs - countedAtMs) / oneMoreMs;
    left = Math.min(mostAtOnce, left + gained);
    countedAtMs = atMs;
    if (left < 1) return false;
    left -= 1;
    return true;
  };
}
