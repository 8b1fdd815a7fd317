// Checks a file of settings that holds entries by name, each by itself. Never throws: what is wrong is told in words.
import * as v from "valibot";
import { CliaiError } from "../domain/text/errors.ts";
import { describeIssue, mustBeObject, parseSettingsJson } from "../domain/text/schema-issue.ts";

/** Part of the names of consumers, so that it has no dot and no space. */
const namePattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/;

/** The message of an object of settings: valibot gives the same issue for another value, and for each key that is missing. */
export function objectMessage({ expected }: v.StrictObjectIssue): string {
  return expected === "Object" ? "must be an object" : "is missing";
}

/** The JSON object in a file, or what is wrong with it. */
export function parseObject(
  source: string,
  path: string,
): { readonly object?: Readonly<Record<string, unknown>>; readonly problem?: CliaiError } {
  try {
    return { object: objectIn(parseSettingsJson(source, path), path) };
  } catch (error) {
    return { problem: error as CliaiError };
  }
}

export interface EntriesPlace<T> {
  /** The path of the file. */
  readonly path: string;
  /** The keys that lead to the entries. */
  readonly at?: readonly string[];
  /** Whether a wrong value must not be shown, because it may be a secret. */
  readonly isSecret?: boolean;
  readonly schema: v.GenericSchema<unknown, T>;
  /** The keys that an entry may have, or the object in it to which these keys lead. */
  readonly keysAt: (parents: readonly string[]) => readonly string[];
}

export interface CheckedEntries<T> {
  readonly entries: readonly (T & { readonly name: string })[];
  readonly problems: ReadonlyMap<string, CliaiError>;
}

export function checkEntries<T extends object>(
  all: object,
  { path, at = [], isSecret = false, schema, keysAt }: EntriesPlace<T>,
): CheckedEntries<T> {
  const entries: (T & { readonly name: string })[] = [];
  const problems = new Map<string, CliaiError>();
  for (const [name, value] of Object.entries(all)) {
    const read = v.safeParse(schema, value);
    const place = { name: path, at: [...at, name], isSecret, knownKeys: keysAt };
    if (!namePattern.test(name)) problems.set(name, notAName(name, path));
    else if (Array.isArray(value)) problems.set(name, mustBeObject(path, `"${[...at, name].join(".")}"`));
    else if (read.success) entries.push({ ...read.output, name });
    else problems.set(name, describeIssue(read.issues[0], place));
  }
  return { entries, problems };
}

function objectIn(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (Array.isArray(value)) throw mustBeObject(path, "the file");
  if (typeof value === "object" && value !== null) return { ...value };
  throw new CliaiError("config_invalid", `${path}: must be a JSON object`, { hint: `correct it in ${path}` });
}

function notAName(name: string, path: string): CliaiError {
  return new CliaiError("config_invalid", `${path}: ${JSON.stringify(name)} is not a name`, {
    hint: "use 1 to 40 letters, digits, _ or -",
  });
}
