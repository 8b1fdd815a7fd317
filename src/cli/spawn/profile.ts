// Finds the profile of a given name in the settings.
import { type Config, defaultProfile, type Profile } from "../../config.ts";
import { CliaiError, type ErrorCode } from "../../domain/text/errors.ts";
import { didYouMean } from "../../domain/text/nearest.ts";

/**
 * Without a name: an agent with the defaults of every profile.
 * @param code what an unknown name is to the caller
 * @throws CliaiError with that code
 */
export function findProfile(
  name: string | undefined,
  { agents = {} }: Config,
  code: ErrorCode = "config_invalid",
): Profile {
  if (name === undefined) return defaultProfile;
  const profile = Object.hasOwn(agents, name) ? agents[name] : undefined;
  if (profile !== undefined) return profile;
  const names = Object.keys(agents);
  throw new CliaiError(code, `no profile "${name}"`, {
    hint: didYouMean(name, names) ?? `the profiles are ${names.join(", ") || 'none: add one under "agents"'}`,
  });
}
