// Why a turn of OpenCode failed, in cliai's words. Seen with 1.18.33: a wrong key is an `APIError` with the status of the model's server.
import type { RetryShown } from "../../domain/hook.ts";
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
  if (name === "ProviderAuthError" || status === 401 || status === 403) return "authentication";
  if (status === 402 || status === 429) return "usage_limit";
  if (status === 503 || status === 529) return "overloaded";
  if (status !== undefined && status >= 500) return "server";
  if (/unauthori[sz]ed|api.?key|authenticat|log.?in/i.test(message)) return "authentication";
  if (/usage|quota|rate.?limit|too many requests|billing|credit/i.test(message)) return "usage_limit";
  if (/overloaded|unavailable/i.test(message)) return "overloaded";
  return /server.?error/i.test(message) ? "server" : "other";
}
