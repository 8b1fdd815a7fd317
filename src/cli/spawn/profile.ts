// Reads the profiles that count for one launch, and applies a profile's directory, environment and permission mode.
import { dirname, resolve } from "node:path";
import type { AgentCli } from "../../agents/agent-cli.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { didYouMean } from "../../domain/text/nearest.ts";
import type { FoundProfile } from "../../profiles/profile-set.ts";
import { type ReadProfiles, readProfiles } from "../../profiles/read-profiles.ts";
import type { Environment } from "../../runtime.ts";
import { recordAt } from "../../worktrees/records.ts";
import { baseProfiles, type LoadedConfig } from "../frame/config-file.ts";
import { isDirectory } from "./project-dir.ts";

/** Returns a function that reads the profiles of a project from their files, so that an edit counts at the next launch. */
export type ProfileReader = (project: string) => Promise<ReadProfiles>;

export function profileReader(loaded: LoadedConfig, dataDir: string): ProfileReader {
  return async (project) => {
    // In an agent's worktree, the profiles of its project count: those are the ones that a person has trusted.
    const worktree = await recordAt(dataDir, project);
    return await readProfiles({ base: baseProfiles(loaded), dataDir, project: worktree?.project ?? project });
  };
}

/**
 * The directory that the profile names, relative to its file; undefined if it names none.
 * @throws CliaiError `config_invalid` if that directory does not exist
 */
export async function projectOf({ name, profile, origins }: FoundProfile): Promise<string | undefined> {
  if (profile.project === undefined) return undefined;
  const file = origins.get("project");
  const path = resolve(file === undefined ? "." : dirname(file), profile.project);
  if (await isDirectory(path)) return path;
  throw new CliaiError("config_invalid", `${file}: "${name}.project" ${path} is not a directory`, {
    hint: "name an existing directory there, or give another one: --project DIR",
  });
}

/**
 * The environment of the agent's CLI: the given one, with the profile's changes.
 * @throws CliaiError `config_invalid` if a variable that has to be passed on is not set
 */
export function environmentOf({ name, profile, origins }: FoundProfile, env: Environment): Environment {
  const own: Record<string, string | undefined> = { ...env };
  for (const [variable, value] of Object.entries(profile.env ?? {})) {
    if (typeof value === "string") own[variable] = value;
    else if (!value) delete own[variable];
    else if (env[variable] === undefined) {
      const key = `"${name}.env.${variable}"`;
      throw new CliaiError(
        "config_invalid",
        `${origins.get("env")}: ${key} is true, and ${variable} is not set`,
        {
          hint: `set it where cliai is called, or, for an agent that the server launches, where the server is started: export ${variable}=…`,
        },
      );
    }
  }
  return own;
}

/** @throws CliaiError `config_invalid` for a permission mode that the CLI does not have */
export function checkPermissionMode({ name, profile, origins }: FoundProfile, cli: AgentCli): void {
  const { permission_mode: mode } = profile;
  const { permissionModes: modes } = cli;
  if (mode === undefined || modes?.includes(mode) === true) return;
  const key = `${origins.get("permission_mode")}: "${name}.permission_mode"`;
  if (modes === undefined) {
    throw new CliaiError("config_invalid", `${key} is set, but ${cli.name} has no permission modes`, {
      hint: "remove it there",
    });
  }
  throw new CliaiError("config_invalid", `${key} must be one of ${modes.join(", ")}, not "${mode}"`, {
    hint: didYouMean(mode, modes) ?? "correct it there",
  });
}
