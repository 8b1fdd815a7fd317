// The profiles of all files together: those of a nearer file add to the farther ones', and win key by key.
import * as v from "valibot";
import { CliaiError, type ErrorCode } from "../domain/text/errors.ts";
import { didYouMean } from "../domain/text/nearest.ts";
import { defaultProfile, type Profile, ProfileSchema } from "./profile.ts";
import type { ProfilesFile } from "./profiles-file.ts";

export interface FoundProfile {
  readonly name: string;
  readonly profile: Profile;
  /** For each key that a file gives: that file; undefined is the one inside the program. */
  readonly origins: ReadonlyMap<string, string | undefined>;
}

export interface ListedProfile {
  readonly name: string;
  readonly found?: FoundProfile;
  /** Why it cannot be used. */
  readonly problem?: CliaiError;
}

export interface ProfileSet {
  /** Those of the nearer files last. */
  list(): readonly ListedProfile[];
  /**
   * Without a name: the defaults of every profile.
   * @param code what an unknown name is to the caller
   * @throws CliaiError with that code; `config_invalid` for one whose file is wrong
   */
  find(name: string | undefined, code?: ErrorCode): FoundProfile;
}

/** @param unused files that are there and do not count, each with why, for a name that nothing else has */
export function createProfileSet(
  files: readonly ProfilesFile[],
  unused: readonly CliaiError[] = [],
): ProfileSet {
  const names = [
    ...new Set(files.flatMap(({ profiles, problems }) => [...profiles.keys(), ...problems.keys()])),
  ];
  /** One that is wrong is never passed over: what stands below it may allow more. */
  const problemOf = (name: string) =>
    files.map(({ broken, problems }) => broken ?? problems.get(name)).findLast((each) => each !== undefined);
  const merge = (name: string): FoundProfile => {
    const given: Record<string, unknown> = {};
    const origins = new Map<string, string | undefined>();
    for (const { path, profiles } of files) {
      for (const [key, value] of Object.entries(profiles.get(name) ?? {})) {
        given[key] = value;
        origins.set(key, path);
      }
    }
    return { name, profile: v.parse(ProfileSchema, given), origins };
  };
  const listed = (name: string): ListedProfile => {
    const problem = problemOf(name);
    return problem === undefined ? { name, found: merge(name) } : { name, problem };
  };
  return {
    list: () => names.map(listed),
    find(name, code = "config_invalid") {
      if (name === undefined) return { name: "agent", profile: defaultProfile, origins: new Map() };
      const problem = problemOf(name);
      if (problem !== undefined) throw problem;
      if (names.includes(name)) return merge(name);
      const hint = didYouMean(name, names) ?? `the profiles are ${names.join(", ") || "none"}`;
      const more = unused.map(({ message, hint: how = "" }) => `; ${message}: ${how}`).join("");
      throw new CliaiError(code, `no profile "${name}"`, { hint: hint + more });
    },
  };
}
