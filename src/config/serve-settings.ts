// The settings of `serve`: the table of all of them, and what the texts of ages and sizes mean. `config.ts` reads their values.
import * as v from "valibot";
import { onLimitWords } from "../domain/limits/on-limit.ts";
import { onLimitPattern } from "../domain/limits/on-limit-rules.ts";
import { zoneOf } from "../domain/spending/days.ts";
import { CliaiError } from "../domain/text/errors.ts";
import { parseDurationMs } from "../domain/text/moment.ts";
import { textSetting, wholeNumber } from "../domain/text/setting-schemas.ts";
import { loopback } from "../domain/wire/own-address.ts";

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
  agent_protocol: setting(yesOrNo, {
    description:
      "let programs of others prompt the agents, or serve agents of their own, by the Synadia agent protocol (cliai peers add)",
    default: false,
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
  otlp: setting(textSetting("a URL"), {
    description: "send traces, metrics and logs to the OpenTelemetry collector at this URL (OTLP over HTTP)",
    valueHint: "URL",
  }),
  same_file_window: setting(
    pattern(/^(0|[1-9]\d{0,4}(s|m|min|h))$/, "must be a duration such as 90s, 10m or 2h, or 0"),
    {
      description: "warn two agents that change the same file within this time; 0: warn nobody",
      valueHint: "TIME",
      default: "10m",
    },
  ),
  on_limit: setting(
    pattern(onLimitPattern, "must be resume, hold or stop, or with groups: resume; tag:night=hold"),
    {
      description:
        "what agents do at a usage limit whose profile does not say it: go on by themselves when it ends, wait for a person, or stop; also by group, as in: resume; tag:night=hold",
      valueHint: onLimitWords.join("|"),
      default: "resume",
    },
  ),
  resume_window: setting(pattern(/^[1-9]\d{0,4}(s|m|min|h)$/, "must be a duration such as 30s, 10m or 2h"), {
    description: "fail the tasks of a session that has ended and is not resumed within this time",
    valueHint: "TIME",
    default: "10m",
  }),
  time_zone: setting(textSetting("a time zone"), {
    description: "begin the days and months of budgets in this time zone (default: that of the machine)",
    valueHint: "ZONE",
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

const leastAuditBytes = 64 * 1024 * 1024;

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

/**
 * The time zone of budgets.
 * @throws CliaiError `config_invalid` for a zone that there is not
 */
export function timeZoneOf({ time_zone }: Pick<ServeSettings, "time_zone">, machines: string): string {
  const zone = zoneOf(time_zone ?? machines);
  if (time_zone === undefined || zone !== "UTC" || /^(Etc\/)?(UTC|GMT|Zulu)$/i.test(time_zone)) return zone;
  throw new CliaiError("config_invalid", `time_zone "${time_zone}" is not a time zone`, {
    hint: "name one such as Europe/Berlin, or leave it out",
  });
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
