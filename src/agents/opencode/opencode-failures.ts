// Why a turn of OpenCode failed, in cliai's words. Seen with 1.18.33: a wrong key is an `APIError` with the status of the model's server.
import type { RetryShown } from "../../domain/hook.ts";
import { isBelieved, longestLimitMs, readResetMs } from "../../domain/limits/reset-words.ts";
import { failureOfStatus, failureOfWords } from "../../domain/model-failure.ts";
import { longFact } from "../../domain/text/fact-words.ts";
import { readRetryAfterMs } from "../../domain/text/moment.ts";
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

/**
 * When the limit ends that the turn has reached, in ms since 1970: by the header `Retry-After` of the model's server, or by its answer. Undefined
 * if neither says it.
 */
export function limitResetMs({ data }: OpencodeFailure, now: Date): number | undefined {
  const { responseHeaders = {}, responseBody = "", statusCode } = data;
  if (failureOfStatus(statusCode) !== "usage_limit") return undefined;
  const header = Object.entries(responseHeaders).find(([name]) => name.toLowerCase() === "retry-after");
  const waitMs = readRetryAfterMs(header?.[1] ?? null, now, longestLimitMs);
  return waitMs === undefined ? readResetMs(responseBody, now.getTime(), "UTC") : now.getTime() + waitMs;
}

/** Without a word of the model's server about the time, OpenCode waits for 30 s at most. */
const ownWaitMs = 60_000;

/** @param nextMs when the next try comes, in ms since 1970; with a header `Retry-After`, at the time that it names */
export function describeRetry(attempt: number, message: string, nextMs: number, now: Date): RetryShown {
  const error = wordOf("", undefined, message);
  const shown = { detail: longFact(`attempt ${attempt}: ${message}`), error };
  const isTold = nextMs - now.getTime() > ownWaitMs && isBelieved(nextMs, now.getTime());
  if (error !== "usage_limit" || !isTold) return shown;
  return { ...shown, limit_resets_at: new Date(nextMs).toISOString() };
}

function wordOf(name: string, status: number | undefined, message: string): FailureWord {
  if (name === "ProviderAuthError") return "authentication";
  if (name === "ContextOverflowError") return "context";
  return failureOfStatus(status) ?? failureOfWords(message);
}
