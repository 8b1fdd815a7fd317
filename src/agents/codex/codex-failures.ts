// Why a turn of Codex failed, or why it asks its model again, in cliai's words. Measured with 0.171.0.
import * as v from "valibot";
import type { RetryShown } from "../../domain/hook.ts";
import { failureOfStatus, failureOfWords } from "../../domain/model-failure.ts";
import { longFact } from "../../domain/text/fact-words.ts";
import type { FailureWord } from "../../domain/wire/event-messages.ts";
import type { AgentLaunch } from "../agent-launch.ts";
import type { CodexError, CodexLimitWindow } from "./codex-events.ts";

export interface TurnFailure {
  readonly error: FailureWord;
  readonly text: string;
  /** What a person can do about it. */
  readonly remedy?: string;
}

const loginRemedy = "log in: codex login";

/** What a person can do if the model's service does not accept Codex's login or key, or if there is none. */
export function loginRemedyOf({ modelServer }: Pick<AgentLaunch, "modelServer">): string {
  if (modelServer === undefined) return loginRemedy;
  const { key_from } = modelServer;
  return key_from === undefined
    ? "name the variable with the model server's key as key_from in its profile"
    : `correct ${key_from}, which has the model server's key`;
}

/** Codex's words in `codexErrorInfo`. Where it has no word, `codexErrorInfo` is an object with the HTTP status of the model's server. */
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

/** @param remedy what a person can do if the login is not accepted: {@link loginRemedyOf} */
export function describeFailure(
  { message, codexErrorInfo, additionalDetails }: CodexError,
  remedy = loginRemedy,
): TurnFailure {
  const details = additionalDetails ?? "";
  const words = details === "" || message.includes(details) ? message : `${message} (${details})`;
  const error = wordOf(codexErrorInfo, words);
  return {
    error,
    text: longFact(words === "" ? "its turn has failed" : words),
    ...(error === "authentication" ? { remedy } : {}),
  };
}

export function describeRetry(error: CodexError, remedy = loginRemedy): RetryShown {
  const { text: detail, ...failure } = describeFailure(error, remedy);
  return { detail, ...failure };
}

/** When the limit ends that is used up, in ms since 1970: the one of two that ends later. Undefined if none is, or if Codex does not say it. */
export function reachedLimitMs(windows: readonly CodexLimitWindow[]): number | undefined {
  const ends = windows.flatMap((each) => (each && each.usedPercent >= 100 ? (each.resetsAt ?? []) : []));
  return ends.length === 0 ? undefined : Math.max(...ends) * 1_000;
}

function wordOf(info: unknown, words: string): FailureWord {
  if (typeof info === "string") {
    const known = failureOf.get(info);
    if (known !== undefined) return known;
  }
  const read = v.safeParse(StatusSchema, info);
  const status = read.success ? Object.values(read.output)[0]?.httpStatusCode : undefined;
  return failureOfStatus(status ?? undefined) ?? failureOfWords(words);
}
