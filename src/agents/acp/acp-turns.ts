// The turns of an ACP session: one prompt at a time, because a second one would cut the first off. A turn goes on with one more prompt when
// its end is held back, and when a refusal has ended it before the model could read the reason.
import { definedOf } from "../../domain/defined.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import { shortFact } from "../../domain/text/fact-words.ts";
import type { Said, SessionPipes } from "../live-session.ts";
import type { AcpAsking, Refusal } from "./acp-asking.ts";
import type { AcpCalls } from "./acp-calls.ts";
import { describeFailure, failureOf, failureOfStop, retryOf, type TurnFailure } from "./acp-failures.ts";
import type { AcpPromptAnswer, AcpUpdate } from "./acp-messages.ts";
import type { AcpRow } from "./acp-row.ts";
import type { AcpSteering, AcpText } from "./acp-steering.ts";
import { type AcpTurn, createAcpTurn } from "./acp-turn.ts";
import type { AcpUsage } from "./acp-usage.ts";

export interface AcpTurns {
  say(text: AcpText): Promise<Said>;
  /** Takes an update of the session. Those that come while no turn runs tell nothing new. */
  takeUpdate(update: AcpUpdate): void;
  /** The session itself asks for a permission, so its model has answered. */
  noteAsked(): void;
  noteRefusal(refusal: Refusal): void;
  /** The agent asks for the texts that are to join its turn. */
  takeSteered(): readonly string[];
  /** The turn is being cut off. Resolves when it is over; at once if none runs. */
  cutOff(): Promise<void>;
}

export interface AcpTurnsOptions
  extends Pick<
    SessionPipes,
    "onHook" | "whenLetGo" | "onSign" | "onWords" | "onThought" | "onResult" | "log"
  > {
  readonly row: Pick<AcpRow, "steer" | "rejectEndsTurn" | "ownWords" | "noticesRetries">;
  readonly calls: AcpCalls;
  readonly asking: Pick<AcpAsking, "withdrawAll">;
  readonly steering: AcpSteering;
  readonly usage: AcpUsage;
  /** Sends the prompt. Resolves when the agent says that its turn is over. */
  readonly prompt: (text: string) => Promise<AcpPromptAnswer>;
}

interface Prompt extends AcpText {
  /** Whether this prompt only keeps the turn going, because the end of the turn was held back. */
  readonly isHeldBack: boolean;
}

const interrupted = "its turn was interrupted";

export function createAcpTurns(options: AcpTurnsOptions): AcpTurns {
  const { row, calls, asking, steering, usage, onSign, log } = options;
  const runPrompt = createPrompts(options);
  let running: { readonly turn: AcpTurn; readonly over: Promise<void> } | undefined;

  const run = async (turn: AcpTurn, first: AcpText) => {
    let next: Prompt | undefined = { ...first, isHeldBack: false };
    while (next !== undefined) next = await runPrompt(turn, next);
  };
  const begin = (text: AcpText) => {
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const turn = createAcpTurn(options);
    running = { turn, over };
    run(turn, text)
      .catch((error: unknown) => log.warn(`a turn: ${messageOf(error)}`))
      .finally(() => {
        running = undefined;
        steering.turnOver();
        resolve();
      });
  };

  return {
    async say(text) {
      if (running === undefined) {
        begin(text);
        return "started";
      }
      const isOpen = row.steer !== undefined && !running.turn.isCutOff();
      return isOpen ? await steering.offer(text) : "busy";
    },
    takeUpdate(update) {
      if (running === undefined) return;
      const { turn } = running;
      if (update.sessionUpdate === "usage_update") return usage.takeUpdate(update);
      if (update.sessionUpdate === "notice") {
        if (row.noticesRetries === true && update._meta.isRetry === true)
          onSign({ type: "retry", ...retryOf(update.title) });
        return;
      }
      const isOwn = typeof update._meta.parentToolCallId !== "string";
      const isAnswer = update.sessionUpdate !== "tool_call_update" && !isOfAgent(row, update);
      if (isOwn && isAnswer) turn.noteAnswer();
      usage.takeUpdate(update);
      switch (update.sessionUpdate) {
        case "agent_message_chunk":
          return isOwn ? turn.addWords(update.content.text ?? "") : undefined;
        case "agent_thought_chunk":
          return isOwn ? turn.addThought(update.content.text ?? "") : undefined;
        case "tool_call":
        case "tool_call_update":
          if (isOwn) turn.flushWords();
          return void calls.take(update);
      }
    },
    noteAsked: () => running?.turn.noteAnswer(),
    noteRefusal: (refusal) => running?.turn.noteRefusal(refusal),
    takeSteered() {
      if (running === undefined || running.turn.isCutOff()) return [];
      const texts = steering.take();
      for (const text of texts) running.turn.give(text);
      return texts.map(({ text }) => text);
    },
    async cutOff() {
      if (running === undefined) return;
      running.turn.cutOff();
      asking.withdrawAll();
      await running.over;
    },
  };
}

/** Returns a function that runs one prompt of a turn. It resolves with the prompt by which the turn goes on; undefined if it is over. */
function createPrompts(options: AcpTurnsOptions) {
  const { row, calls, asking, usage, prompt, onHook, whenLetGo, onResult } = options;
  const fail = (turn: AcpTurn, { error, text }: Partial<TurnFailure>) => {
    const why = turn.isCutOff()
      ? { text: interrupted }
      : { text: text ?? interrupted, ...definedOf({ error }) };
    onResult({ isError: true, wasAsked: turn.wasAsked(), ...why });
    return undefined;
  };
  /** The prompt by which the turn goes on, once the agent is not paused. */
  const afterPause = async (turn: AcpTurn, next: Prompt) => {
    await whenLetGo(turn.signal);
    return turn.isCutOff() ? fail(turn, {}) : next;
  };
  const ended = async (
    turn: AcpTurn,
    { stopReason }: AcpPromptAnswer,
    isHeldBack: boolean,
  ): Promise<Prompt | undefined> => {
    if (turn.isCutOff()) return fail(turn, {});
    const isEnded = row.rejectEndsTurn === true || stopReason === "cancelled";
    const reasons = turn.refusals().filter(({ isForbidden }) => isForbidden || isEnded);
    if (reasons.length > 0) return await afterPause(turn, { text: refusalWords(reasons), isHeldBack });
    if (stopReason === "cancelled") return fail(turn, {});
    const text = turn.said();
    const isFailed = row.ownWords?.test(text) === true;
    const failure = isFailed ? failureOf(errorIn(text)) : failureOfStop(stopReason, text);
    if (failure !== undefined) return fail(turn, failure);
    const facts = { kind: "turn_end" as const };
    const answer = await onHook({ facts, lastWords: text, isHeldBack, isSubagent: false });
    if (turn.isCutOff()) return fail(turn, {});
    if (answer.type === "hold_back") return await afterPause(turn, { text: answer.reason, isHeldBack: true });
    const said = text === "" ? undefined : text;
    onResult({ isError: false, wasAsked: turn.wasAsked(), text, ...definedOf({ said }) });
    return undefined;
  };
  const promptOver = (turn: AcpTurn) => {
    turn.flushWords();
    asking.withdrawAll();
    calls.endAll();
  };
  return async (turn: AcpTurn, { isHeldBack, ...given }: Prompt): Promise<Prompt | undefined> => {
    const { text } = given;
    turn.begin(given);
    // Called at once, so that the host knows of the turn before anything else happens.
    await onHook({ facts: { kind: "prompt", detail: shortFact(text) }, prompt: text, isSubagent: false });
    if (turn.isCutOff()) return fail(turn, {});
    try {
      const answer = await prompt(text).finally(() => promptOver(turn));
      usage.takeAnswer(answer);
      return await ended(turn, answer, isHeldBack);
    } catch (error) {
      // The agent itself has ended, which says nothing about its task: its next run may go on with it.
      if (error instanceof CliaiError && !turn.isCutOff()) return undefined;
      return fail(turn, describeFailure(error));
    }
  };
}

/** Whether the agent itself has said this, and not its model. */
function isOfAgent({ ownWords }: Pick<AcpRow, "ownWords">, update: AcpUpdate): boolean {
  return update.sessionUpdate === "agent_message_chunk" && ownWords?.test(update.content.text ?? "") === true;
}

/** The words from the first `Error: ` on: before it stands what the agent said of earlier tries. */
function errorIn(words: string): string {
  return words.slice(Math.max(0, words.indexOf("Error: ")));
}

function refusalWords(refusals: readonly Refusal[]): string {
  return refusals
    .map(({ call, reason }) => {
      const what = call.title === "" || call.title === call.name ? call.name : `${call.name} (${call.title})`;
      return `Your call of ${what} was refused, and has not run: ${reason}`;
    })
    .join("\n\n");
}
