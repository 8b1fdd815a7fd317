// Why a turn of OpenCode failed, in cliai's words. Seen with 1.18.33: a wrong key is an `APIError` with the status of the model's server.
import type { RetryShown } from "../../domain/hook.ts";
import { failureOfStatus, failureOfWords } from "../../domain/model-failure.ts";
import { longFact } from "../../domain/text/fact-words.ts";
import type { FailureWord } from "../../domain/wire/event-messages.ts";
import type { OpencodeFailure } from "./opencode-events.ts";

/** The error of a turn that was broken off: by us, or by the person at its terminal. */
export const abortedName = "MessageAbortedError";

export interface TurnFailure {
  readonly error: FailureWord;
  readonly text: string;
}

export function describeFailure({ name, data }: OpencodeFailure): TurnFailure {
  const { statusCode, message = name } = data;
  const words =
    statusCode === undefined || message.includes(String(statusCode)) ? message : `${statusCode} ${message}`;
  return {
    error: wordOf(name, statusCode, message),
    text: longFact(words === "" ? "its turn has failed" : words),
  };
}

export function describeRetry(attempt: number, message: string): RetryShown {
  return { detail: longFact(`attempt ${attempt}: ${message}`), error: wordOf("", undefined, message) };
}

function wordOf(name: string, status: number | undefined, message: string): FailureWord {
  if (name === "ProviderAuthError") return "authentication";
  if (name === "ContextOverflowError") return "context";
  return failureOfStatus(status) ?? failureOfWords(message);
}
