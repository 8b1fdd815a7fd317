// This room reads the settings: the settings file, and those of `serve` from flags, environment and file. Pure.
//
// The schema of the settings file (`--config`), and what reads it and the settings of `serve` from text. The file and the environment are read in
// src/cli.
import * as v from "valibot";
import { CliaiError } from "../domain/text/errors.ts";
import { describeIssue, mustBeObject, parseSettingsJson } from "../domain/text/schema-issue.ts";
import { described } from "../domain/text/setting-schemas.ts";
import {
  type GivenProfile,
  givenOf,
  ProfileNameSchema,
  ProfileSchema,
  profileKeys,
} from "../profiles/profile.ts";
import {
  flagOf,
  type ServeKey,
  type ServeSettings,
  type serveSettings,
  serveTable,
  variableOf,
} from "./serve-settings.ts";

const serveDefaults = Object.fromEntries(
  serveTable.flatMap(([key, { default: standard }]) => (standard === undefined ? [] : [[key, standard]])),
);
// The cast restores what Object.fromEntries loses: which schema belongs to which key.
const serveEntries = Object.fromEntries(
  serveTable.map(([key, { schema, description }]) => [key, described(schema, description)]),
) as unknown as { [Key in ServeKey]: (typeof serveSettings)[Key]["schema"] };

/** The default on a server that others run: the stream reserves its size there, and accounts may have little. */
const foreignTranscriptBytes = "64MB";

const configEntries = {
  $schema: v.optional(v.string("must be text")),
  serve: v.optional(v.partial(v.strictObject(serveEntries, "must be an object of settings")), {}),
  agents: v.optional(v.record(ProfileNameSchema, ProfileSchema, "must be an object of profiles")),
};
export const ConfigSchema = v.strictObject(configEntries, "must be a JSON object");
/** A profile has only the keys that the file gives. The defaults are filled in later, because another file may give the missing keys. */
export type Config = Omit<v.InferOutput<typeof ConfigSchema>, "agents"> & {
  readonly agents?: Readonly<Record<string, GivenProfile>>;
};

/**
 * @param name the file's path, for the messages
 * @throws CliaiError `config_invalid` with the line of a syntax error, or with the key that is unknown or has a wrong value
 */
export function parseConfig(source: string, name: string): Config {
  const value = parseSettingsJson(source, name);
  // No setting is a list. This rejects lists, because valibot 1.5 reads an array as an object with the keys 0, 1, ….
  const list = Array.isArray(value) ? "the file" : findList(value);
  if (list !== undefined) throw mustBeObject(name, list);
  const result = v.safeParse(ConfigSchema, value);
  if (!result.success) throw describeIssue(result.issues[0], { name, knownKeys });
  const { agents, ...rest } = result.output;
  if (agents === undefined) return rest;
  const sources = (value as { readonly agents: Readonly<Record<string, unknown>> }).agents;
  const given = Object.entries(agents).map(([each, profile]) => [each, givenOf(profile, sources[each])]);
  return { ...rest, agents: Object.fromEntries(given) };
}

/** The first key whose value is a list; undefined if there is none. Only profiles may contain lists, and they are not searched. */
function findList(value: unknown): string | undefined {
  const entry = Object.entries(value ?? {}).find(([, part]) => Array.isArray(part));
  return entry === undefined ? undefined : `"${entry[0]}"`;
}

/** The sources of a setting that go before the settings file. */
export interface SettingTexts {
  readonly flags: Readonly<Record<string, string | boolean | undefined>>;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads the settings of `serve`. Each comes from its flag, such as `--nats-port`, else from `CLIAI_NATS_PORT`, else from
 * `serve.nats_port` in the settings file, else it has its default.
 * @throws CliaiError `config_invalid` with the flag or variable and its value
 */
export function resolveServeSettings(texts: SettingTexts, config: Config): ServeSettings {
  const given = serveTable.flatMap(([key, { schema }]) => {
    const found = findText(key, texts);
    return found === undefined ? [] : [[key, readText(schema, found)] as const];
  });
  // The cast is safe: each value has passed the schema of its key.
  const named = { ...config.serve, ...Object.fromEntries(given) };
  const sizes = named.nats_url === undefined ? {} : { transcript_max_bytes: foreignTranscriptBytes };
  const settings = { ...serveDefaults, ...sizes, ...named } as ServeSettings;
  if (settings.nats_creds !== undefined && settings.nats_url === undefined) {
    throw new CliaiError("config_invalid", `nats_creds "${settings.nats_creds}" is set without nats_url`, {
      hint: "name the server for these credentials: --nats-url URL",
    });
  }
  if (settings.replicas > 1 && settings.nats_url === undefined) {
    throw new CliaiError("config_invalid", `replicas ${settings.replicas} is set without nats_url`, {
      hint: "a single nats-server keeps no copies; name a cluster: --nats-url URL,URL,URL",
    });
  }
  return settings;
}

interface FoundText {
  readonly source: string;
  readonly value: string | boolean;
}

function findText(key: string, { flags, env }: SettingTexts): FoundText | undefined {
  const [flag, variable] = [flagOf(key), variableOf(key)];
  if (flags[flag] !== undefined) return { source: `--${flag}`, value: flags[flag] };
  if (env[variable]) return { source: variable, value: env[variable] };
  return undefined;
}

/** Reads a text as the schema accepts it: as text, as a number, or as true or false. */
function readText(schema: v.GenericSchema, { source, value }: FoundText): unknown {
  const readings: unknown[] = [value];
  if (typeof value === "string" && /^\d+$/.test(value)) readings.push(Number(value));
  if (value === "1" || value === "true") readings.push(true);
  if (value === "0" || value === "false") readings.push(false);
  for (const reading of readings) if (v.is(schema, reading)) return reading;
  const why = v.safeParse(schema, value).issues?.[0].message;
  throw new CliaiError("config_invalid", `${source} "${value}" ${why}`, { hint: "cliai serve --help" });
}

function knownKeys(parents: readonly string[]): string[] {
  if (parents.length === 0) return Object.keys(configEntries);
  return parents[0] === "serve" ? Object.keys(serveEntries) : profileKeys(parents[2]);
}
