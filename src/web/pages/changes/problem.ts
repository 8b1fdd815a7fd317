// What could not be done, as a page says it.
import { CliaiError } from "../../../domain/text/errors.ts";
import { harmless } from "../../../domain/text/harmless.ts";
import { redact } from "../../../domain/text/redact.ts";

export interface Problem {
  readonly message: string;
  readonly hint?: string | undefined;
}

/** Throws what is not written for a person. */
export function problemOf(error: unknown): Problem {
  if (!(error instanceof CliaiError)) throw error;
  const { message, hint } = error;
  return { message: harmless(redact(message)), hint: hint && harmless(redact(hint)) };
}
