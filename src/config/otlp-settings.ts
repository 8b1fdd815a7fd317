// Where traces, metrics and logs are sent over OTLP: from `--otlp`, and from the standard variables of OpenTelemetry. Pure.
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import { didYouMean } from "../domain/text/nearest.ts";
import { redact } from "../domain/text/redact.ts";
import { loopback } from "../domain/wire/own-address.ts";

export const otlpSignals = ["traces", "metrics", "logs"] as const;
export type OtlpSignal = (typeof otlpSignals)[number];

export interface OtlpTarget {
  readonly url: string;
  readonly protocol: OtlpProtocol;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly isGzipped: boolean;
}

export interface OtlpSettings {
  /** Where each signal is sent; a signal without a target is not sent. At least one has one. */
  readonly targets: Readonly<Partial<Record<OtlpSignal, OtlpTarget>>>;
  /** The attributes of the resource, as `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_SERVICE_NAME` give them. */
  readonly resource: Readonly<Record<string, string>>;
  /** How often the metrics are sent. */
  readonly metricsEveryMs: number;
}

export interface OtlpReading {
  /** Undefined if nothing is sent. */
  readonly settings?: OtlpSettings;
  /** Why nothing is sent although variables ask for it; a text for the log. */
  readonly ignored?: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

const protocols = ["http/protobuf", "http/json"] as const;
export type OtlpProtocol = (typeof protocols)[number];

const defaultTimeoutMs = 10_000;
const defaultMetricsEveryMs = 60_000;

/**
 * `--otlp` stands for `OTEL_EXPORTER_OTLP_ENDPOINT`, and is checked strictly. The variables may be meant for other programs of this shell. So if
 * they alone ask for the export, a wrong one turns it off with a text for the log.
 * @throws CliaiError `config_invalid` with the flag or variable and its value, if `url` is set
 */
export function readOtlpSettings(url: string | undefined, env: Variables): OtlpReading {
  const variables = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  if (url !== undefined) checkUrl("otlp", url);
  if (variables.OTEL_SDK_DISABLED?.toLowerCase() === "true")
    return url === undefined ? {} : { ignored: "OTEL_SDK_DISABLED is true: nothing is sent over OTLP" };
  try {
    const settings = settingsOf(url, variables);
    return settings === undefined ? {} : { settings };
  } catch (error) {
    if (url !== undefined) throw error;
    return { ignored: `${messageOf(error)}: nothing is sent over OTLP` };
  }
}

function settingsOf(flag: string | undefined, env: Variables): OtlpSettings | undefined {
  const targets = Object.fromEntries(
    otlpSignals.flatMap((signal) => {
      const target = isWanted(signal, env) ? targetOf(signal, flag, env) : undefined;
      return target === undefined ? [] : [[signal, target] as const];
    }),
  );
  if (Object.keys(targets).length === 0) return undefined;
  const { OTEL_RESOURCE_ATTRIBUTES: given = "", OTEL_SERVICE_NAME: name } = env;
  const resource = { ...readPairs("OTEL_RESOURCE_ATTRIBUTES", given), ...(name && { "service.name": name }) };
  const metricsEveryMs = milliseconds("OTEL_METRIC_EXPORT_INTERVAL", env) ?? defaultMetricsEveryMs;
  return { targets, resource, metricsEveryMs };
}

/** Whether `OTEL_TRACES_EXPORTER` and its like do not turn the signal off. */
function isWanted(signal: OtlpSignal, env: Variables): boolean {
  const name = `OTEL_${signal.toUpperCase()}_EXPORTER`;
  const value = env[name] ?? "otlp";
  if (value !== "otlp" && value !== "none") throw wrong(name, value, "must be otlp or none");
  return value === "otlp";
}

function targetOf(signal: OtlpSignal, flag: string | undefined, env: Variables): OtlpTarget | undefined {
  const url = urlOf(signal, flag, env);
  if (url === undefined) return undefined;
  const [protocolName, protocol = "http/protobuf"] = found("PROTOCOL", signal, env);
  const [headersName, headers = ""] = found("HEADERS", signal, env);
  const [compressionName, compression = "none"] = found("COMPRESSION", signal, env);
  const [timeoutName] = found("TIMEOUT", signal, env);
  if (compression !== "none" && compression !== "gzip")
    throw wrong(compressionName, compression, "must be gzip or none");
  return {
    url,
    protocol: checkProtocol(protocolName, protocol),
    headers: readPairs(headersName, headers),
    timeoutMs: milliseconds(timeoutName, env) ?? defaultTimeoutMs,
    isGzipped: compression === "gzip",
  };
}

/** The variable of the signal if it is set, else that of all signals; and its value. */
function found(key: string, signal: OtlpSignal, env: Variables): readonly [name: string, value?: string] {
  const own = `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_${key}`;
  const name = env[own] === undefined ? `OTEL_EXPORTER_OTLP_${key}` : own;
  const value = env[name];
  return value === undefined ? [name] : [name, value];
}

function urlOf(signal: OtlpSignal, flag: string | undefined, env: Variables): string | undefined {
  const own = `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_ENDPOINT`;
  const whole = env[own];
  if (whole !== undefined) return checkUrl(own, whole).href;
  const base = flag ?? env.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (base === undefined) return undefined;
  const url = checkUrl(flag === undefined ? "OTEL_EXPORTER_OTLP_ENDPOINT" : "otlp", base);
  url.pathname = `${url.pathname.replace(/\/$/, "")}/v1/${signal}`;
  return url.href;
}

function checkUrl(name: string, text: string): URL {
  const url = URL.parse(text);
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  throw wrong(name, redact(text), "is no URL with http:// or https://", {
    hint: `name the collector's HTTP receiver: --otlp http://${loopback}:4318`,
  });
}

function checkProtocol(name: string, value: string): OtlpProtocol {
  const protocol = protocols.find((each) => each === value);
  if (protocol !== undefined) return protocol;
  if (value === "grpc")
    throw wrong(name, value, "is not spoken: cliai sends over HTTP", {
      hint: `${name}=http/protobuf, to the collector's HTTP receiver (port 4318 by default)`,
    });
  const hint = didYouMean(value, [...protocols]);
  throw wrong(name, value, `must be ${protocols.join(" or ")}`, hint === undefined ? {} : { hint });
}

/** Reads `key=value` pairs, separated by commas, with values in percent encoding. */
function readPairs(name: string, text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .split(",")
      .filter((pair) => pair.trim() !== "")
      .map((pair) => {
        const [, key = "", value = ""] = /^\s*([^=\s]+)\s*=(.*)$/s.exec(pair) ?? [];
        // Not the value, which may be a secret.
        if (key === "") throw wrong(name, "…", "must be pairs such as key=value, separated by commas");
        return [key, decoded(value.trim())];
      }),
  );
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value; // not encoded, but with a percent sign in it
  }
}

function milliseconds(name: string, env: Variables): number | undefined {
  const text = env[name];
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw wrong(name, text, "must be a number of milliseconds, such as 10000");
}

function wrong(name: string, value: string, why: string, { hint }: { hint?: string } = {}): CliaiError {
  return new CliaiError("config_invalid", `${name} "${value}" ${why}`, {
    hint: hint ?? "see docs/telemetry.md",
  });
}
