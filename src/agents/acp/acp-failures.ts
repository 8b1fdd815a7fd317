// Why a turn of an ACP agent failed, in cliai's words. An error of the model comes as an error of the prompt, whose message often has the
// HTTP status. Seen: Qwen Code 0.24.4 with -32603 and the words in `data.details`; Gemini CLI 0.61.0 with the status as the code.
import * as v from "valibot";
import type { RetryShown } from "../../domain/hook.ts";
import { failureOfWords } from "../../domain/model-failure.ts";
import { messageOf } from "../../domain/text/errors.ts";
import { longFact } from "../../domain/text/fact-words.ts";
import { parseJsonLine } from "../../domain/wire/decode.ts";
import type { FailureWord } from "../../domain/wire/event-messages.ts";
import { AcpError } from "./opening/acp-connection.ts";

export interface TurnFailure {
  readonly error: FailureWord;
  readonly text: string;
}

/** The answer of the model's server, in the form in which some agents pass it on. */
const BodySchema = v.looseObject({ error: v.looseObject({ message: v.string() }) });
const DetailsSchema = v.looseObject({ details: v.string() });
const authRequired = -32000;

export function describeFailure(error: unknown): TurnFailure {
  if (!(error instanceof AcpError)) return failureOf(messageOf(error));
  const { code, data, message } = error;
  const read = v.safeParse(DetailsSchema, data);
  const words = wordsIn(read.success ? read.output.details : message);
  if (code === authRequired) return { ...failureOf(words), error: "authentication" };
  return failureOf(code >= 400 && code < 600 && !words.includes(String(code)) ? `${code} ${words}` : words);
}

function wordsIn(text: string): string {
  const body = v.safeParse(BodySchema, parseJsonLine(text));
  return body.success ? body.output.error.message : text;
}

/** @param words what the agent says of the failure */
export function failureOf(words: string): TurnFailure {
  const text = longFact(words.trim() === "" ? "its turn has failed" : words);
  return { error: failureOfWords(words), text };
}

/** The agent asks its model again. @param words what the agent says about it */
export function retryOf(words: string): RetryShown {
  return { detail: longFact(words), error: failureOfWords(words) };
}

/** Why a turn has ended before the model was done, by ACP's `stopReason`; undefined if the model was done. */
export function failureOfStop(stopReason: string, lastWords: string): TurnFailure | undefined {
  switch (stopReason) {
    case "end_turn":
      return undefined;
    case "refusal":
      return { error: "refused", text: longFact(lastWords === "" ? "the model refuses" : lastWords) };
    case "max_tokens":
      return { error: "other", text: "the model's answer was cut off at its longest" };
    case "max_turn_requests":
      return { error: "other", text: "it has made as many requests to its model as one turn may" };
    default:
      return { error: "other", text: longFact(`its turn has ended: ${stopReason}`) };
  }
}
