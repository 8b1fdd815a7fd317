// Why a turn of Codex failed, or why it asks its model again, in cliai's words. Measured with 0.171.0.
import * as v from "valibot";
import type { RetryShown } from "../../domain/hook.ts";
import { failureOfStatus } from "../../domain/http-failure.ts";
import { longFact } from "../../domain/text/fact-words.ts";
import type { FailureWord } from "../../domain/wire/event-messages.ts";
import type { CodexError } from "./codex-events.ts";

export interface TurnFailure {
  readonly error: FailureWord;
  readonly text: string;
  /** What a person can do about it. */
  readonly remedy?: string;
}

/** Also if its key or its login is there, and the service does not take it any more. */
export const loginRemedy = "log in: codex login";

/** Codex's own words, `codexErrorInfo`. The others are objects with the status of the model's server. */
const failureOf = new Map<string, FailureWord>([
  ["unauthorized", "authentication"],
  ...(["usageLimitExceeded", "rateLimitExceeded", "sessionBudgetExceeded"] as const).map(
    (word) => [word, "usage_limit"] as const,
  ),
  ...(["serverOverloaded", "flexUnavailable", "policyCapacityUnavailable"] as const).map(
    (word) => [word, "overloaded"] as const,
  ),
  ["internalServerError", "server"],
  ["contextWindowExceeded", "context"],
  ...(["cyberPolicy", "bioPolicy", "misalignmentPolicyViolation", "inferenceHookDenied"] as const).map(
    (word) => [word, "refused"] as const,
  ),
]);

const StatusSchema = v.record(
  v.string(),
  v.looseObject({ httpStatusCode: v.optional(v.nullish(v.number())) }),
);

export function describeFailure({ message, codexErrorInfo, additionalDetails }: CodexError): TurnFailure {
  const details = additionalDetails ?? "";
  const words = details === "" || message.includes(details) ? message : `${message} (${details})`;
  const error = wordOf(codexErrorInfo, words);
  return {
    error,
    text: longFact(words === "" ? "its turn has failed" : words),
    ...(error === "authentication" ? { remedy: loginRemedy } : {}),
  };
}

export function describeRetry(error: CodexError): RetryShown {
  const { text: detail, ...failure } = describeFailure(error);
  return { detail, ...failure };
}

function wordOf(info: unknown, words: string): FailureWord {
  if (typeof info === "string") {
    const known = failureOf.get(info);
    if (known !== undefined) return known;
  }
  const read = v.safeParse(StatusSchema, info);
  const status = read.success ? Object.values(read.output)[0]?.httpStatusCode : undefined;
  const [, written] = /\bstatus (\d{3})\b/.exec(words) ?? [];
  return failureOfStatus(status ?? (written === undefined ? undefined : Number(written))) ?? "other";
}
