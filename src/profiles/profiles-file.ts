// Reads one file `profiles.json`: an object of profiles by name. Each profile is checked by itself, so one mistake leaves the others
// usable.
import * as v from "valibot";
import { CliaiError } from "../domain/text/errors.ts";
import { describeIssue, mustBeObject, parseSettingsJson } from "../domain/text/schema-issue.ts";
import { type GivenProfile, givenOf, ProfileNameSchema, ProfileSchema, profileKeys } from "./profile.ts";

export interface ProfilesFile {
  /** Undefined for the profiles inside the program. */
  readonly path: string | undefined;
  readonly profiles: ReadonlyMap<string, GivenProfile>;
  /** What is wrong with each wrong profile, by name. */
  readonly problems: ReadonlyMap<string, CliaiError>;
  /** Why the file cannot be read. Then no profile can be used, because this file may have restricted any of them. */
  readonly broken?: CliaiError;
}

/** The schema of `profiles.json`, for editors. */
export const ProfilesFileSchema = v.objectWithRest({ $schema: v.optional(v.string()) }, ProfileSchema);

export function parseProfilesFile(source: string, path: string): ProfilesFile {
  const profiles = new Map<string, GivenProfile>();
  const problems = new Map<string, CliaiError>();
  let entries: [string, unknown][];
  try {
    entries = entriesOf(parseSettingsJson(source, path), path);
  } catch (error) {
    return { path, profiles, problems, broken: error as CliaiError };
  }
  for (const [name, value] of entries) {
    const problem = problemOf(name, value, path);
    if (problem !== undefined) problems.set(name, problem);
    else profiles.set(name, givenOf(v.parse(ProfileSchema, value), value));
  }
  return { path, profiles, problems };
}

function entriesOf(value: unknown, path: string): [string, unknown][] {
  if (Array.isArray(value)) throw mustBeObject(path, "the file");
  const read = v.safeParse(v.record(v.string(), v.unknown(), "must be a JSON object"), value);
  if (!read.success) throw describeIssue(read.issues[0], { name: path, knownKeys: () => [] });
  return Object.entries(read.output).filter(([name]) => name !== "$schema");
}

function problemOf(name: string, value: unknown, path: string): CliaiError | undefined {
  const place = { name: path, at: [name], knownKeys: ([, key]: readonly string[]) => profileKeys(key) };
  const named = v.safeParse(v.record(ProfileNameSchema, v.unknown()), { [name]: value });
  if (!named.success) return describeIssue(named.issues[0], { ...place, at: [] });
  if (Array.isArray(value)) return mustBeObject(path, `"${name}"`);
  const read = v.safeParse(ProfileSchema, value);
  if (read.success) return undefined;
  const problem = describeIssue(read.issues[0], place);
  // In the file of --config, the profiles stand below the key "agents". Here they stand below no key.
  if (name !== "agents" && name !== "profiles") return problem;
  const hint = 'this file holds the profiles at its top level: {"NAME": {…}}';
  return new CliaiError(problem.code, problem.message, { hint });
}
