// Merges the profiles of all files, key by key. The order of the files is: the settings file or the program, the data directory, the
// project. If two files give the same key of the same profile, the later file wins.
import * as v from "valibot";
import { CliaiError, type ErrorCode } from "../domain/text/errors.ts";
import { didYouMean } from "../domain/text/nearest.ts";
import { defaultProfile, type Profile, ProfileSchema } from "./profile.ts";
import type { ProfilesFile } from "./profiles-file.ts";

export interface FoundProfile {
  readonly name: string;
  readonly profile: Profile;
  /** The file that each key comes from; undefined stands for the profiles inside the program. A default has no entry. */
  readonly origins: ReadonlyMap<string, string | undefined>;
}

export interface ListedProfile {
  readonly name: string;
  readonly found?: FoundProfile;
  /** Why the profile cannot be used. */
  readonly problem?: CliaiError;
}

export interface ProfileSet {
  /** All profiles, in the order of the files. */
  list(): readonly ListedProfile[];
  /**
   * Without a name, returns a profile of defaults only.
   * @param code the error code for an unknown name
   * @throws CliaiError with that code if the name is unknown; `config_invalid` if the profile or a file is wrong
   */
  find(name: string | undefined, code?: ErrorCode): FoundProfile;
}

/** The profile name of an agent that was launched without a profile. The agent is launched again with that name. */
const nameWithoutProfile = "agent";

/** @param unused why each of the other files does not count. The error for an unknown name shows that, because the name may be in one of them. */
export function createProfileSet(
  files: readonly ProfilesFile[],
  unused: readonly CliaiError[] = [],
): ProfileSet {
  const names = [
    ...new Set(files.flatMap(({ profiles, problems }) => [...profiles.keys(), ...problems.keys()])),
  ];
  /** The error of a wrong profile. It is not skipped, because then an earlier file's profile of that name would count, which may allow more. */
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
      const without = { name: nameWithoutProfile, profile: defaultProfile, origins: new Map() };
      if (name === undefined) return without;
      const problem = problemOf(name);
      if (problem !== undefined) throw problem;
      if (names.includes(name)) return merge(name);
      if (name === nameWithoutProfile) return without;
      const hint = didYouMean(name, names) ?? `the profiles are ${names.join(", ") || "none"}`;
      const more = unused.map(({ message, hint: how = "" }) => `; ${message}: ${how}`).join("");
      throw new CliaiError(code, `no profile "${name}"`, { hint: hint + more });
    },
  };
}
