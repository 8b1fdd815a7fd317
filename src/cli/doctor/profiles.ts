// Checks the profiles that count in the current directory: whether their files can be read, and whether their CLIs are installed.

import { type Check, finding, well } from "../../domain/system/check.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import type { ListedProfile } from "../../profiles/profile-set.ts";
import type { ReadProfiles } from "../../profiles/read-profiles.ts";
import type { FoundCli } from "../found-clis.ts";
import { loadConfig } from "../frame/config-file.ts";
import type { CliContext } from "../frame/context.ts";
import { profileReader } from "../spawn/profile.ts";

export async function checkProfiles(
  dataDir: string,
  found: readonly FoundCli[],
  context: CliContext,
): Promise<Check[]> {
  try {
    const read = profileReader(await loadConfig(undefined, context), dataDir);
    return judgeProfiles(await read(context.cwd), found);
  } catch (error) {
    if (error instanceof CliaiError) return [problemOf(error)];
    throw error;
  }
}

/** A project's file that nobody has trusted is no problem: it just does not count. */
function judgeProfiles(profiles: ReadProfiles, found: readonly FoundCli[]): Check[] {
  const all = profiles.list();
  const problems = all.flatMap(({ problem }) => problem ?? []);
  // If a file cannot be read, each of its profiles has the same problem: report it once.
  const wrong = [...new Map(problems.map((problem) => [problem.message, problem])).values()];
  const bad = [...wrong.map(problemOf), ...all.flatMap((profile) => checkCli(profile, found))];
  const unused = profiles.unused.map(({ message }) => well("profiles", message));
  if (bad.length > 0) return [...bad, ...unused];
  const files = profiles.files.flatMap(({ path, state }) => (state === "used" && path ? [path] : []));
  const from = files.length === 0 ? "built in" : `from ${["the built-in ones", ...files].join(", ")}`;
  return [well("profiles", `${all.length} profiles, ${from}`), ...unused];
}

function problemOf({ message, hint }: CliaiError): Check {
  return finding("profiles", message, hint ?? "correct it there");
}

/** Checks that the CLI of a person's own profile is installed. A built-in profile may name a CLI that is not. */
function checkCli({ name, found: profile }: ListedProfile, found: readonly FoundCli[]): Check[] {
  if (profile === undefined || ![...profile.origins.values()].some((path) => path !== undefined)) return [];
  const { cli: wanted, acp } = profile.profile;
  const cli = found.find(
    ({ cli: { name, program } }) => name === wanted && (acp?.command ?? program) === program,
  );
  const isOneThere = found.some(({ path }) => path !== undefined); // if there is none, checkAgentClis() reports that
  if (cli === undefined || cli.path !== undefined || !isOneThere) return [];
  const message = `the profile "${name}" needs ${cli.cli.program}, which is not on PATH`;
  return [finding("profiles", message, cli.cli.install)];
}
