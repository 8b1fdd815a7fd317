import { describe, expect, test } from "bun:test";
import { readOtlpSettings } from "../../src/config/otlp-settings.ts";
import { CliaiError } from "../../src/domain/text/errors.ts";

const url = "http://127.0.0.1:4318";

function errorOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof CliaiError) return `${error.code}: ${error.message}; ${error.hint}`;
  }
  return "no error";
}

describe("where OTLP is sent", () => {
  test("nowhere without the flag and the variables", () => {
    expect(readOtlpSettings(undefined, {})).toEqual({});
    expect(readOtlpSettings(undefined, { OTEL_EXPORTER_OTLP_ENDPOINT: "" })).toEqual({});
    expect(readOtlpSettings(undefined, { OTEL_SERVICE_NAME: "x", OTEL_TRACES_EXPORTER: "otlp" })).toEqual({});
  });

  test("the flag alone sends all signals, as protobuf", () => {
    const target = { protocol: "http/protobuf", headers: {}, timeoutMs: 10_000, isGzipped: false } as const;
    expect(readOtlpSettings(`${url}/base/`, {}).settings).toEqual({
      targets: {
        traces: { ...target, url: `${url}/base/v1/traces` },
        metrics: { ...target, url: `${url}/base/v1/metrics` },
        logs: { ...target, url: `${url}/base/v1/logs` },
      },
      resource: {},
      metricsEveryMs: 60_000,
    });
  });

  test("the variables of a signal win over those of all; its endpoint is used as it is", () => {
    const { settings } = readOtlpSettings(undefined, {
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://traces.test/here",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: "http/protobuf",
      OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20abc, x-org = 1%",
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: "x=y",
      OTEL_EXPORTER_OTLP_TIMEOUT: "500",
      OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
      OTEL_METRICS_EXPORTER: "none",
      OTEL_METRIC_EXPORT_INTERVAL: "1000",
      OTEL_RESOURCE_ATTRIBUTES: "service.name=other,deployment.environment.name=test%2C1",
      OTEL_SERVICE_NAME: "fleet",
    });
    const all = { timeoutMs: 500, isGzipped: true } as const;
    expect(settings).toEqual({
      targets: {
        traces: { ...all, url: "https://traces.test/here", protocol: "http/json", headers: { x: "y" } },
        logs: {
          ...all,
          url: `${url}/v1/logs`,
          protocol: "http/protobuf",
          headers: { authorization: "Bearer abc", "x-org": "1%" },
        },
      },
      resource: { "service.name": "fleet", "deployment.environment.name": "test,1" },
      metricsEveryMs: 1_000,
    });
  });

  test.each([
    ["ftp://x", {}, 'otlp "ftp://x" is no URL with http:// or https://'],
    ["127.0.0.1:4318", {}, 'otlp "127.0.0.1:4318" is no URL with http:// or https://'],
    ["http://me:hunter22@", {}, 'otlp "http://***@" is no URL with http:// or https://'],
    [url, { OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }, 'OTEL_EXPORTER_OTLP_PROTOCOL "grpc" is not spoken'],
    [url, { OTEL_EXPORTER_OTLP_PROTOCOL: "http/jsn" }, "did you mean http/json?"],
    [url, { OTEL_EXPORTER_OTLP_COMPRESSION: "zstd" }, '"zstd" must be gzip or none'],
    [url, { OTEL_EXPORTER_OTLP_TIMEOUT: "10s" }, 'TIMEOUT "10s" must be a number of milliseconds'],
    [url, { OTEL_EXPORTER_OTLP_HEADERS: "secret" }, 'HEADERS "…" must be pairs such as key=value'],
    [url, { OTEL_LOGS_EXPORTER: "console" }, 'OTEL_LOGS_EXPORTER "console" must be otlp or none'],
  ])("with --otlp %p and %p it is refused", (given, env, words) => {
    expect(errorOf(() => readOtlpSettings(given, env))).toContain(words);
    expect(errorOf(() => readOtlpSettings(given, env))).toStartWith("config_invalid: ");
  });

  test("variables alone, which may be meant for other programs, only turn it off", () => {
    const wrong = { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" };
    expect(readOtlpSettings(undefined, wrong)).toEqual({
      ignored:
        'OTEL_EXPORTER_OTLP_PROTOCOL "grpc" is not spoken: cliai sends over HTTP: nothing is sent over OTLP',
    });
    expect(readOtlpSettings(undefined, { ...wrong, OTEL_SDK_DISABLED: "true" })).toEqual({});
    expect(readOtlpSettings(url, { OTEL_SDK_DISABLED: "true" }).settings).toBeUndefined();
    const off = { OTEL_TRACES_EXPORTER: "none", OTEL_METRICS_EXPORTER: "none", OTEL_LOGS_EXPORTER: "none" };
    expect(readOtlpSettings(url, off)).toEqual({});
  });
});
