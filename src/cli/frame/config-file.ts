// Reads the settings file, and the files with instructions that its profiles name. The default settings file is built in.
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import defaultConfig from "../../../configs/agents.json" with { type: "json" };
import agentPrompt from "../../../configs/prompts/agent.txt" with { type: "text" };
import captainPrompt from "../../../configs/prompts/captain.txt" with { type: "text" };
import coderPrompt from "../../../configs/prompts/coder.txt" with { type: "text" };
import demoPrompt from "../../../configs/prompts/demo.txt" with { type: "text" };
import reviewerPrompt from "../../../configs/prompts/reviewer.txt" with { type: "text" };
import { type Config, parseConfig } from "../../config/config.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import type { Role } from "../../domain/wire/roles.ts";
import type { FoundProfile } from "../../profiles/profile-set.ts";
import type { ProfilesFile } from "../../profiles/profiles-file.ts";
import type { ReadProfiles } from "../../profiles/read-profiles.ts";
import type { CliContext } from "./context.ts";

/** The prompts for each role: about the fleet and the agent's tools and, for a captain, about a captain's own work. */
export const rolePrompts: Readonly<Record<Role, readonly string[]>> = {
  agent: [agentPrompt],
  captain: [agentPrompt, captainPrompt],
};

/** The prompts of the built-in settings file, by the paths in its `prompt_file`. */
const defaultPrompts: Readonly<Record<string, string>> = {
  "prompts/coder.txt": coderPrompt,
  "prompts/demo.txt": demoPrompt,
  "prompts/reviewer.txt": reviewerPrompt,
};

export interface LoadedConfig {
  readonly config: Config;
  /** The file's absolute path; undefined for the built-in file. */
  readonly path: string | undefined;
}

/** The profiles that other files add to: those in the settings file, or the built-in ones if none is named. */
export function baseProfiles({ config: { agents = {} }, path }: LoadedConfig): ProfilesFile {
  return { path, profiles: new Map(Object.entries(agents)), problems: new Map() };
}

export const configArgs = {
  config: {
    type: "string",
    valueHint: "FILE",
    description: "read this settings file, JSON (default: CLIAI_CONFIG, else the built-in one)",
  },
} as const;

/** @throws CliaiError `config_invalid` if the named file is missing or not valid */
export async function loadConfig(
  flag: string | undefined,
  context: Pick<CliContext, "env" | "cwd">,
): Promise<LoadedConfig> {
  const builtIn = parseConfig(JSON.stringify(defaultConfig), "the default settings");
  const named = flag ?? (context.env.CLIAI_CONFIG || undefined);
  if (named === undefined) return { config: builtIn, path: undefined };
  const path = resolve(context.cwd, named);
  return { config: parseConfig(await readNamed(path, `the settings file ${path}`), path), path };
}

/** The profile's own instructions: `prompt_file`, then `prompt`; empty if it has neither. */
export async function readPrompt(
  { profile, origins }: FoundProfile,
  trusted: ReadProfiles["prompts"],
): Promise<string> {
  const { prompt = "", prompt_file } = profile;
  if (prompt_file === undefined) return prompt;
  const file = origins.get("prompt_file");
  const fromFile =
    file === undefined ? defaultPrompts[prompt_file] : await readPromptFile(prompt_file, file, trusted);
  return [(fromFile ?? "").trim(), prompt].filter((part) => part !== "").join("\n\n");
}

async function readPromptFile(
  prompt_file: string,
  file: string,
  trusted: ReadProfiles["prompts"],
): Promise<string> {
  const path = resolve(dirname(file), prompt_file);
  const bytes = trusted.get(path);
  if (bytes !== undefined) return new TextDecoder().decode(bytes);
  return await readNamed(path, `the prompt_file "${prompt_file}" of ${file}`);
}

async function readNamed(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const why =
      (cause as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : messageOf(cause);
    throw new CliaiError("config_invalid", `cannot read ${what}: ${why}`, {
      hint: "name an existing file that you can read",
      cause,
    });
  }
}
