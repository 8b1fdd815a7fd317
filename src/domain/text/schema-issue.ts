// Parses a settings file as JSON, and makes errors that name in one line what is wrong with it: the file, the key, the value.
import type * as v from "valibot";
import { CliaiError } from "./errors.ts";
import { findJsonError } from "./json-error.ts";
import { didYouMean } from "./nearest.ts";

/** @throws CliaiError `config_invalid`, naming line and column */
export function parseSettingsJson(source: string, name: string): unknown {
  try {
    return JSON.parse(source);
  } catch (cause) {
    const place = findJsonError(source);
    const where = place === undefined ? name : `${name}:${place.line}:${place.column}`;
    throw new CliaiError("config_invalid", `${where} is not JSON`, {
      hint: "correct it there; JSON has no comments and no comma after the last entry",
      cause,
    });
  }
}

/** The error for a list in place of an object. Check for lists first, because valibot 1.5 takes one for an object with the keys 0, 1, … */
export function mustBeObject(name: string, what: string): CliaiError {
  return new CliaiError("config_invalid", `${name}: ${what} must be an object, not a list`, {
    hint: `correct it in ${name}`,
  });
}

/**
 * Makes the error `config_invalid` from an issue that valibot has found.
 * @param at the keys in the file that lead to the checked value
 * @param isSecret whether the value must not be shown
 * @param knownKeys returns the keys that an object may have, by the keys that lead to it
 */
export function describeIssue(
  issue: v.BaseIssue<unknown>,
  {
    name,
    at = [],
    isSecret = false,
    knownKeys,
  }: {
    readonly name: string;
    readonly at?: readonly string[];
    readonly isSecret?: boolean;
    readonly knownKeys: (parents: readonly string[]) => readonly string[];
  },
): CliaiError {
  const keys = [...at, ...(issue.path ?? []).map((item) => String(item.key))];
  // Escaped, because a key may have been written by an agent, and the message goes to a terminal.
  const dotted = JSON.stringify(keys.join("."));
  if (issue.type === "strict_object" && issue.expected === "never") {
    const known = knownKeys(keys.slice(0, -1));
    return new CliaiError("config_invalid", `${name}: unknown key ${dotted}`, {
      hint: didYouMean(keys.at(-1) ?? "", known) ?? `the keys are ${known.join(", ")}`,
    });
  }
  const received = JSON.stringify(issue.input)?.slice(0, 60);
  const what = keys.length === 0 ? issue.message : `${dotted} ${issue.message}`;
  const found = isSecret || issue.path?.at(-1)?.origin === "key" ? "" : `, not ${received}`;
  return new CliaiError("config_invalid", `${name}: ${what}${found}`, { hint: `correct it in ${name}` });
}
