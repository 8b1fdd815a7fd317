// The settings file (`--config`) and the settings of `serve`: their schema, and pure functions that read them from text. The
// file and the environment are read in src/cli.
import * as v from "valibot";
import { CliaiError } from "./domain/text/errors.ts";
import { parseDurationMs } from "./domain/text/moment.ts";
import { describeIssue, mustBeObject, parseSettingsJson } from "./domain/text/schema-issue.ts";
import { described, textSetting, wholeNumber } from "./domain/text/setting-schemas.ts";
import { loopback } from "./domain/wire/own-address.ts";
import {
  type GivenProfile,
  givenOf,
  ProfileNameSchema,
  ProfileSchema,
  profileKeys,
} from "./profiles/profile.ts";

const path = textSetting("a path");
const yesOrNo = v.boolean("must be true or false");
const pattern = (shape: RegExp, message: string) => v.pipe(v.string("must be text"), v.regex(shape, message));

interface ServeSetting<TSchema extends v.GenericSchema = v.GenericSchema> {
  readonly schema: TSchema;
  readonly description: string;
  /** What `--help` calls the value. Absent for a setting that is true or false, because its flag takes no value. */
  readonly valueHint?: string;
  readonly default?: v.InferOutput<TSchema>;
}
const setting = <TSchema extends v.GenericSchema, const TFacts extends Omit<ServeSetting<TSchema>, "schema">>(
  schema: TSchema,
  facts: TFacts,
) => ({ schema, ...facts });

/** All settings of `serve`. The flags, their help, the defaults, configs/agents.schema.json and docs/settings.md follow from it. */
export const serveSettings = {
  port: setting(wholeNumber(0, 65_535), {
    description: "serve the dashboard and the API on this port; 0 picks a free one",
    valueHint: "PORT",
    default: 3000,
  }),
  host: setting(textSetting("an address"), {
    description: "serve the dashboard and the API on this address",
    valueHint: "ADDRESS",
    default: loopback,
  }),
  nats_port: setting(wholeNumber(0, 65_535), {
    description: "run nats-server on this port; 0 picks a free one",
    valueHint: "PORT",
    default: 4222,
  }),
  nats_url: setting(textSetting("a URL"), {
    description: "use this NATS server or cluster instead of starting one",
    valueHint: "URL",
  }),
  nats_creds: setting(path, {
    description: "log in to your own NATS server with this credentials file",
    valueHint: "FILE",
  }),
  nats_server: setting(path, {
    description: "run this nats-server program instead of the one inside cliai",
    valueHint: "PATH",
  }),
  insecure: setting(yesOrNo, {
    description: "ask nobody for a token or credentials; on loopback only, for experiments",
    default: false,
  }),
  token_file: setting(path, {
    description: "read the HTTP token from this file (default: serve makes a token at its first start)",
    valueHint: "FILE",
  }),
  tls_cert: setting(path, {
    description: "serve the dashboard, the API and NATS over TLS with this certificate (PEM)",
    valueHint: "FILE",
  }),
  tls_key: setting(path, {
    description: "private key that belongs to that certificate (PEM)",
    valueHint: "FILE",
  }),
  tls_ca: setting(path, {
    description: "certificate of the private authority that signed that certificate (PEM)",
    valueHint: "FILE",
  }),
  phone: setting(yesOrNo, {
    description:
      "let phones in the local network use the dashboard, over TLS; shows a QR code that signs one in",
    default: false,
  }),
  phone_host: setting(
    pattern(/^(?!0\.)\d{1,3}(\.\d{1,3}){3}$/, "must be one of this machine's IPv4 addresses"),
    {
      description:
        "with --phone: be reached at this address (default: this machine's address in the local network)",
      valueHint: "ADDRESS",
    },
  ),
  phone_port: setting(wholeNumber(0, 65_535), {
    description: "with --phone: be reached on this port; 0 picks a free one",
    valueHint: "PORT",
    default: 3443,
  }),
  replicas: setting(wholeNumber(1, 5), {
    description: "keep this many copies of each stream and bucket on a cluster",
    valueHint: "N",
    default: 1,
  }),
  sync: setting(pattern(/^(always|[1-9]\d{0,3}[sm])$/, "must be always, or a time such as 1s or 2m"), {
    description:
      "flush each message to the disk before it is confirmed (always), or flush all at this interval",
    valueHint: "always|TIME",
    default: "always",
  }),
  audit_max_age: setting(pattern(/^[1-9]\d*(min|h|d|w)$/, "must be a duration such as 12h or 30d"), {
    description: "delete audit records that are older than this",
    valueHint: "TIME",
    default: "30d",
  }),
  audit_max_bytes: setting(pattern(/^[1-9]\d*(MB|GB|TB)$/, "must be a size such as 512MB or 4GB"), {
    description: "delete the oldest audit records above this size",
    valueHint: "SIZE",
    default: "1GB",
  }),
  audit_heartbeats: setting(yesOrNo, { description: "record heartbeats in the audit, too", default: false }),
  audit_keystrokes: setting(yesOrNo, {
    description:
      "record in the audit what people type at the agents' terminals from elsewhere, secrets included",
    default: false,
  }),
  search_max_bytes: setting(pattern(/^(0|[1-9]\d*(MB|GB))$/, "must be a size such as 512MB, or 0"), {
    description: "drop the oldest records from the search's index above this size; 0 for no search",
    valueHint: "SIZE",
    default: "512MB",
  }),
  transcript_max_age: setting(pattern(/^[1-9]\d*(min|h|d|w)$/, "must be a duration such as 12h or 30d"), {
    description: "delete entries of the agents' transcripts that are older than this",
    valueHint: "TIME",
    default: "14d",
  }),
  transcript_max_bytes: setting(pattern(/^[1-9]\d*(MB|GB|TB)$/, "must be a size such as 512MB or 4GB"), {
    description:
      "keep no more of the agents' transcripts than this (with nats_url 64MB, if not set); the oldest entries of the agents with the most go first",
    valueHint: "SIZE",
    default: "512MB",
  }),
  resume_window: setting(pattern(/^[1-9]\d{0,4}(s|m|min|h)$/, "must be a duration such as 30s, 10m or 2h"), {
    description: "fail the tasks of a session that has ended and is not resumed within this time",
    valueHint: "TIME",
    default: "10m",
  }),
};

type ServeTable = typeof serveSettings;
export type ServeKey = keyof ServeTable;
export type ServeValues = { [Key in ServeKey]: v.InferOutput<ServeTable[Key]["schema"]> };
type KeyWithDefault = {
  [Key in ServeKey]: ServeTable[Key] extends { readonly default: unknown } ? Key : never;
}[ServeKey];
export type ServeSettings = Readonly<Partial<ServeValues> & Pick<ServeValues, KeyWithDefault>>;

export const serveTable: readonly (readonly [ServeKey, ServeSetting])[] = Object.entries(serveSettings) as [
  ServeKey,
  ServeSetting,
][];
/** `nats_port` is `--nats-port` on the command line. */
export const flagOf = (key: string): string => key.replaceAll("_", "-");
/** `nats_port` is `CLIAI_NATS_PORT` in the environment. */
export const variableOf = (key: string): string => `CLIAI_${key.toUpperCase()}`;

const serveDefaults = Object.fromEntries(
  serveTable.flatMap(([key, { default: standard }]) => (standard === undefined ? [] : [[key, standard]])),
);
// The cast restores what Object.fromEntries loses: which schema belongs to which key.
const serveEntries = Object.fromEntries(
  serveTable.map(([key, { schema, description }]) => [key, described(schema, description)]),
) as unknown as { [Key in ServeKey]: ServeTable[Key]["schema"] };

/** The default on a server that others run: the stream reserves its size there, and accounts may have little. */
const foreignTranscriptBytes = "64MB";
const leastAuditBytes = 64 * 1024 * 1024;

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

/**
 * For how long, and up to which size, the audit is kept.
 * @throws CliaiError `config_invalid` below 64 MB, because a single message can have 8 MB
 */
export function auditRetentionOf(settings: Pick<ServeSettings, "audit_max_age" | "audit_max_bytes">): {
  readonly maxAgeMs: number;
  readonly maxBytes: number;
} {
  const maxBytes = bytesOf(settings.audit_max_bytes);
  if (maxBytes < leastAuditBytes) {
    throw new CliaiError("config_invalid", `audit_max_bytes "${settings.audit_max_bytes}" is below 64MB`, {
      hint: "a single message can have 8 MB: --audit-max-bytes 1GB",
    });
  }
  return { maxAgeMs: parseDurationMs(settings.audit_max_age) ?? 0, maxBytes };
}

/** The size limit of the search's index in bytes; 0 for no search. */
export function searchMaxBytesOf({ search_max_bytes }: Pick<ServeSettings, "search_max_bytes">): number {
  return search_max_bytes === "0" ? 0 : bytesOf(search_max_bytes);
}

/** For how long, and up to which size, the agents' transcripts are kept. */
export function transcriptRetentionOf(
  settings: Pick<ServeSettings, "transcript_max_age" | "transcript_max_bytes">,
): { readonly maxAgeMs: number; readonly maxBytes: number } {
  return {
    maxAgeMs: parseDurationMs(settings.transcript_max_age) ?? 0,
    maxBytes: bytesOf(settings.transcript_max_bytes),
  };
}

/** @param text such as `512MB` */
function bytesOf(text: string): number {
  const exponent = ["MB", "GB", "TB"].indexOf(text.slice(-2)) + 2;
  return Number.parseInt(text, 10) * 1024 ** exponent;
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
