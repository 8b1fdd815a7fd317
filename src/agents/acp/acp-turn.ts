// One turn of an ACP session: what the agent has shown so far of its present prompt.
import { definedOf } from "../../domain/defined.ts";
import type { SessionListener } from "../live-session.ts";
import type { Refusal } from "./acp-asking.ts";
import type { AcpText } from "./acp-steering.ts";

export interface AcpTurn {
  /** A prompt begins: the first of the turn, or one by which it goes on. */
  begin(prompt: AcpText): void;
  /** The agent was given this text while the turn ran. */
  give(text: AcpText): void;
  /** The model has answered, so it has the texts that the agent was given before. */
  noteAnswer(): void;
  addWords(words: string): void;
  /** What the model thinks, before its words or a call. */
  addThought(words: string): void;
  /** Tells the words so far, before something else happens. */
  flushWords(): void;
  noteRefusal(refusal: Refusal): void;
  cutOff(): void;
  /** Whether the model has answered the present prompt. */
  wasAsked(): boolean;
  /** What the model said last for the present prompt; "" if nothing. */
  said(): string;
  refusals(): readonly Refusal[];
  isCutOff(): boolean;
  /** Aborts when the turn is cut off. */
  readonly signal: AbortSignal;
}

export function createAcpTurn({
  onSign,
  onWords,
  onThought,
}: Pick<SessionListener, "onSign" | "onWords" | "onThought">): AcpTurn {
  /** The texts that the agent was given since the model's last answer. */
  let given: readonly AcpText[] = [];
  let refusals: readonly Refusal[] = [];
  let wasAsked = false;
  let words = "";
  let thought = "";
  let said = "";
  const cut = new AbortController();
  const flushThought = () => {
    const whole = thought.trim();
    thought = "";
    if (whole !== "") onThought?.(whole);
  };
  return {
    begin(prompt) {
      given = [prompt];
      refusals = [];
      wasAsked = false;
      said = "";
    },
    give(text) {
      given = [...given, text];
    },
    noteAnswer() {
      wasAsked = true;
      if (given.length === 0) return;
      for (const { text, id } of given) onSign({ type: "taken", text, ...definedOf({ id }) });
      given = [];
      onSign({ type: "answer" });
    },
    addWords(more) {
      flushThought();
      words += more;
    },
    addThought(more) {
      thought += more;
    },
    flushWords() {
      flushThought();
      const whole = words.trim();
      words = "";
      if (whole === "") return;
      said = whole;
      onWords(whole);
    },
    noteRefusal(refusal) {
      refusals = [...refusals, refusal];
    },
    cutOff: () => cut.abort(),
    wasAsked: () => wasAsked,
    said: () => said,
    refusals: () => refusals,
    isCutOff: () => cut.signal.aborted,
    signal: cut.signal,
  };
}
