// Finds the profile of a given name in the settings.
import { type Config, defaultProfile, type Profile } from "../../config.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { didYouMean } from "../../domain/text/nearest.ts";

/** Without a name: an agent with the defaults of every profile. */
export function findProfile(name: string | undefined, { agents = {} }: Config): Profile {
  if (name === undefined) return defaultProfile;
  const profile = Object.hasOwn(agents, name) ? agents[name] : undefined;
  if (profile !== undefined) return profile;
  const names = Object.keys(agents);
  throw new CliaiError("config_invalid", `no profile "${name}"`, {
    hint: didYouMean(name, names) ?? `the profiles are ${names.join(", ") || 'none: add one under "agents"'}`,
  });
}
