// One turn: asks the model, runs the tools that it calls, and asks again, until it answers in words, or is stopped.
import { CliaiError } from "../domain/text/errors.ts";
import type { Conversation } from "./conversation.ts";
import { answerTool } from "./model/chat-messages.ts";
import type { AnswerUsage, ModelAnswer } from "./model/model-answer.ts";
import type { ModelClient } from "./model/model-client.ts";
import { NoTools, TooLong } from "./model/model-failure.ts";
import { type ReadCall, readCalls, wireCall } from "./model/read-calls.ts";
import { createRepeatGuard, endsAt, repeatWords, toldAt } from "./repeat-guard.ts";
import type { Speaker } from "./speaker.ts";
import type { ToolDesk } from "./tool-desk.ts";
import type { ToolResult } from "./tools/loop-tool.ts";

export interface TurnParts {
  readonly client: ModelClient;
  readonly conversation: Conversation;
  readonly tools: ToolDesk;
  readonly speaker: Speaker;
  /** How many times the model is asked at most. */
  readonly maxSteps: number;
  /** Puts what was said meanwhile into the conversation. @returns whether there was anything */
  readonly takeWords: (signal: AbortSignal) => Promise<boolean>;
  readonly onUsage: (usage: AnswerUsage, context: number | undefined) => void;
}

/** How the turn ended, in ACP's words; and why, if the model did not end it itself. */
export interface TurnEnd {
  readonly reason: "end_turn" | "max_tokens" | "max_turn_requests";
  readonly why?: string;
}

const mostCutOff = 2;
const mostEmpty = 2;

const cutOffWords =
  "Your answer was cut off, because it was too long or repeated itself. Go on with a shorter one, or do it in smaller steps.";
const unreadWords =
  'Your call was not made, because it cannot be read. A call is nothing but valid JSON: {"name": "TOOL", "arguments": {…}}, with a tool that you have.';
const emptyWords = "You have answered nothing. Call a tool, or say in plain words what you did.";

/**
 * @throws CliaiError if the model server cannot be used, or if the model repeats itself or answers nothing, so that nobody takes the turn for
 * done; the signal's reason once that aborts
 */
export async function runTurn(parts: TurnParts, signal: AbortSignal): Promise<TurnEnd> {
  const { conversation, tools, speaker, maxSteps, takeWords } = parts;
  const repeats = createRepeatGuard();
  let cutOff = 0;
  let empty = 0;
  for (let step = 0; step < maxSteps; step += 1) {
    await takeWords(signal);
    const answer = await askModel(parts, signal);
    const said = readCalls(answer, tools.names);
    if (said.calls.length === 0) {
      if (said.text !== "" && !answer.isCutOff) {
        speaker.answer(said.text);
        conversation.add({ role: "assistant", content: said.text });
        if (await takeWords(signal)) continue;
        return { reason: "end_turn" };
      }
      speaker.answer(said.text);
      cutOff += answer.isCutOff ? 1 : 0;
      empty += answer.isCutOff ? 0 : 1;
      if (cutOff > mostCutOff)
        return {
          reason: "max_tokens",
          why: "the model's answers are longer than they may be, or repeat themselves",
        };
      if (empty > mostEmpty) throw answersNothing(empty);
      const written = said.unread ?? said.text;
      if (written !== "") conversation.add({ role: "assistant", content: written });
      const words = said.unread === undefined ? emptyWords : unreadWords;
      conversation.add({ role: "user", content: answer.isCutOff ? cutOffWords : words });
      continue;
    }
    empty = 0;
    conversation.add({ role: "assistant", content: said.text, calls: said.calls.map(wireCall) });
    for (const [place, call] of said.calls.entries()) {
      const result = await tools.run(call, signal).catch((error: unknown) => {
        // A server refuses a conversation with a call that has no result.
        for (const left of said.calls.slice(place))
          conversation.add(resultOf(left, notMade("[This call was interrupted.]")));
        throw error;
      });
      const count = repeats.count(call.name, call.arguments, result.text);
      const text = count >= toldAt ? `${result.text}\n\n${repeatWords}` : result.text;
      conversation.add(resultOf(call, { ...result, text }));
      if (count >= endsAt) {
        for (const left of said.calls.slice(place + 1))
          conversation.add(resultOf(left, notMade("[This call was not made.]")));
        throw repeatsItself(count, call.name);
      }
    }
  }
  return {
    reason: "max_turn_requests",
    why: `the model was asked ${maxSteps} times, which is the most for one turn`,
  };
}

function repeatsItself(count: number, tool: string): CliaiError {
  return new CliaiError(
    "failed",
    `the model has made the same call ${count} times, with the same result: ${tool}`,
    {
      hint: "ask for less at once, or use a larger model",
    },
  );
}

function answersNothing(times: number): CliaiError {
  return new CliaiError("failed", `the model has answered nothing that can be read, ${times} times`, {
    hint: "ask in other words, or use another model; for a model that cannot call tools: --calls schema",
  });
}

function resultOf({ id, name }: ReadCall, { text, isError }: ToolResult) {
  return { role: "tool", callId: id, name, content: text, isError } as const;
}

const notMade = (text: string): ToolResult => ({ text, isError: true });

const mostTries = 5;

/** Asks the model. Asks again with less of the conversation if it was too long, and with forced calls if the template has no tools. */
async function askModel(parts: TurnParts, signal: AbortSignal): Promise<ModelAnswer> {
  const { client, conversation, tools, speaker, onUsage } = parts;
  for (let tries = 0; tries < mostTries; tries += 1) {
    const facts = await client.loadedFacts(signal, speaker.onWait);
    const offered = facts.calls === "schema" ? [...tools.offered, answerTool] : tools.offered;
    const { removed, ...request } = conversation.buildRequest(offered, facts);
    if (removed > 0) speaker.shortened(removed);
    speaker.begin(facts.calls);
    try {
      const answer = await client.ask({ ...request, tools: offered }, signal, speaker);
      const { context } = await client.facts(signal, speaker.onWait);
      conversation.measure(answer.usage, { ...facts, context });
      if (answer.usage !== undefined) onUsage(answer.usage, context);
      return answer;
    } catch (error) {
      if (error instanceof TooLong) conversation.shorten(error);
      else if (!(error instanceof NoTools)) throw error;
    }
  }
  throw conversation.tooSmall();
}
