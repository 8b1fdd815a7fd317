// What an HTTP status of a model's server means for a turn. Pure.
import type { FailureWord } from "./wire/event-messages.ts";

/** Undefined for a status that says nothing of the kind. */
export function failureOfStatus(status: number | undefined): FailureWord | undefined {
  if (status === undefined) return undefined;
  if (status === 401 || status === 403) return "authentication";
  if (status === 402 || status === 429) return "usage_limit";
  if (status === 503 || status === 529) return "overloaded";
  return status >= 500 ? "server" : undefined;
}
