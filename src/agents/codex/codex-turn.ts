// The turn of a Codex session: how it goes, and how it ends. Measured with 0.171.0.
import { definedOf } from "../../domain/defined.ts";
import { atMost } from "../../waiting.ts";
import type { SessionListener } from "../live-session.ts";
import type { Calls } from "./codex-calls.ts";
import type { CodexTurn } from "./codex-events.ts";
import { describeFailure } from "./codex-failures.ts";

export interface Turn {
  /** The id of the turn that runs. */
  id(): string | undefined;
  /** Whether the turn has begun in this run of Codex. */
  hasBegun(id: string): boolean;
  started(id: string): void;
  /** Resolves when the host was told of the end; after `endWithinMs` if somebody still decides whether the turn may end. */
  completed(turn: CodexTurn): Promise<void>;
  /** The model does something, so it has been asked. */
  noteAnswer(): void;
  noteWords(text: string): void;
  /** cliai interrupts the turn that runs. */
  noteInterrupt(): void;
}

export interface TurnOptions extends Pick<SessionListener, "onHook" | "onSign" | "onResult"> {
  readonly goOn: (text: string) => Promise<void>;
  /** What a person can do if the model's service does not accept the login. */
  readonly loginRemedy: string;
}

/** How long the next notification waits for the host's answer at the end of a turn. A person may take longer. */
const endWithinMs = 200;
const interrupted = "its turn was interrupted";
const mostBegun = 100;

export function createTurn(
  { onHook, onSign, onResult, goOn, loginRemedy }: TurnOptions,
  { turnEnded }: Pick<Calls, "turnEnded">,
): Turn {
  const begun = new Set<string>();
  let running: string | undefined;
  let wasAsked = false;
  let isHeldBack = false;
  let said: string | undefined;
  let isInterruptOurs = false;
  /** Aborts when the end of the turn needs no answer any more, because another turn has begun. */
  let ending = new AbortController();

  const mayEnd = async (words: string | undefined) => {
    ending = new AbortController();
    const { signal } = ending;
    const facts = { kind: "turn_end" as const };
    const answer = await onHook({ facts, lastWords: words ?? "", isHeldBack, isSubagent: false }, signal);
    if (answer.type === "hold_back" && !signal.aborted) {
      isHeldBack = true;
      return await goOn(answer.reason);
    }
    isHeldBack = false;
    onResult({ isError: false, wasAsked: true, text: words ?? "", ...definedOf({ said: words }) });
  };
  const end = async ({ status, error }: CodexTurn) => {
    const [words, hadAnswer, isOurs] = [said, wasAsked, isInterruptOurs];
    said = undefined;
    wasAsked = false;
    isInterruptOurs = false;
    if (status === "completed") {
      onSign({ type: "answer" });
      return await mayEnd(words);
    }
    isHeldBack = false;
    if (status === "interrupted" && !isOurs) return onSign({ type: "interrupted" });
    const why = error ? describeFailure(error, loginRemedy) : { text: interrupted };
    onResult({ isError: true, wasAsked: hadAnswer, ...why });
  };
  return {
    id: () => running,
    hasBegun: (id) => begun.has(id),
    started(id) {
      running = id;
      begun.add(id);
      const [oldest] = begun;
      if (begun.size > mostBegun && oldest !== undefined) begun.delete(oldest);
      ending.abort();
    },
    async completed(turn) {
      if (turn.id !== running) return;
      running = undefined;
      await turnEnded();
      await atMost(endWithinMs, end(turn));
    },
    noteAnswer() {
      wasAsked = true;
    },
    noteWords(text) {
      said = text;
    },
    noteInterrupt() {
      isInterruptOurs = running !== undefined;
    },
  };
}
