// Finds a profile in the settings by its name.
import { type Config, defaultProfile, type Profile } from "../../config.ts";
import { CliaiError, type ErrorCode } from "../../domain/text/errors.ts";
import { didYouMean } from "../../domain/text/nearest.ts";

/**
 * @param name if undefined, the result is a profile with the default of each setting
 * @param code the error code for an unknown name
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
