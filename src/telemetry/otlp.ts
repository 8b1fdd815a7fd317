// Encodes spans, metrics and log records as OTLP, with the serializers of OpenTelemetry. Its SDK is not used: it makes spans around code that
// runs, and these spans are made of what is stored. This is the only file that imports the package, and this room is loaded only if
// something is sent.
import {
  JsonLogsSerializer,
  JsonMetricsSerializer,
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from "@opentelemetry/otlp-transformer";
import type { LogEntry } from "./log-entry.ts";
import type { MetricPoints } from "./metric-points.ts";
import { type Attributes, type Span, spanKinds } from "./span.ts";

export interface Encoding {
  readonly contentType: string;
  spans(spans: readonly Span[]): Uint8Array<ArrayBuffer>;
  metrics(metrics: readonly MetricPoints[]): Uint8Array<ArrayBuffer>;
  logs(entries: readonly LogEntry[]): Uint8Array<ArrayBuffer>;
  /** How many of what was sent the receiver says that it has refused. */
  rejected(signal: "traces" | "metrics" | "logs", answer: Uint8Array): number;
}

export interface Source {
  /** The attributes of the resource. */
  readonly resource: Attributes;
  readonly version: string;
}

type ReadableSpan = Parameters<typeof JsonTraceSerializer.serializeRequest>[0][number];
type ResourceMetrics = Parameters<typeof JsonMetricsSerializer.serializeRequest>[0];
type MetricData = ResourceMetrics["scopeMetrics"][number]["metrics"][number];
type ReadableLogRecord = Parameters<typeof JsonLogsSerializer.serializeRequest>[0][number];

/** Those conventions that the names of `messaging.*`, `error.*` and the resource are of. */
const schemaUrl = "https://opentelemetry.io/schemas/1.45.0";

const serializers = {
  "http/json": {
    contentType: "application/json",
    traces: JsonTraceSerializer,
    metrics: JsonMetricsSerializer,
    logs: JsonLogsSerializer,
  },
  "http/protobuf": {
    contentType: "application/x-protobuf",
    traces: ProtobufTraceSerializer,
    metrics: ProtobufMetricsSerializer,
    logs: ProtobufLogsSerializer,
  },
} as const;

export function createEncoding(protocol: keyof typeof serializers, source: Source): Encoding {
  const { contentType, traces, metrics, logs } = serializers[protocol];
  // Without a schemaUrl, which the serializer for JSON would put into a place where OTLP has none.
  const resource = { attributes: { ...source.resource } } as unknown as ReadableSpan["resource"];
  const scope = { name: "cliai", version: source.version, schemaUrl };
  return {
    contentType,
    spans: (spans) =>
      bytesOf(traces.serializeRequest(spans.map((span) => readableSpan(span, { resource, scope })))),
    metrics: (points) =>
      bytesOf(
        metrics.serializeRequest({ resource, scopeMetrics: [{ scope, metrics: points.map(metricData) }] }),
      ),
    logs: (entries) =>
      bytesOf(logs.serializeRequest(entries.map((entry) => readableLog(entry, { resource, scope })))),
    rejected(signal, answer) {
      switch (signal) {
        case "traces":
          return Number(traces.deserializeResponse(answer).partialSuccess?.rejectedSpans ?? 0);
        case "metrics":
          return Number(metrics.deserializeResponse(answer).partialSuccess?.rejectedDataPoints ?? 0);
        case "logs":
          return Number(logs.deserializeResponse(answer).partialSuccess?.rejectedLogRecords ?? 0);
      }
    },
  };
}

function bytesOf(encoded: Uint8Array | undefined): Uint8Array<ArrayBuffer> {
  if (encoded === undefined) throw new Error("the serializer has encoded nothing");
  return new Uint8Array(encoded);
}

type HrTime = [seconds: number, nanoseconds: number];

function timeOf(ms: number): HrTime {
  const seconds = Math.floor(ms / 1_000);
  return [seconds, Math.round((ms - seconds * 1_000) * 1e6)];
}

interface Origin {
  readonly resource: ReadableSpan["resource"];
  readonly scope: { readonly name: string; readonly version: string; readonly schemaUrl: string };
}

/** Whoever looks at traces wants those that end after they begin: clocks of two machines can differ. */
function readableSpan(span: Span, { resource, scope }: Origin): ReadableSpan {
  const { traceId, spanId, parentId, error, endMs, startMs } = span;
  const sampled = { traceId, traceFlags: 1 };
  const end = Math.max(startMs, endMs);
  return {
    name: span.name,
    kind: spanKinds.indexOf(span.kind),
    spanContext: () => ({ ...sampled, spanId }),
    ...(parentId === undefined ? {} : { parentSpanContext: { ...sampled, spanId: parentId } }),
    startTime: timeOf(startMs),
    endTime: timeOf(end),
    duration: timeOf(end - startMs),
    status: { code: error === undefined ? statusCodes.unset : statusCodes.error },
    attributes: error === undefined ? span.attributes : { ...span.attributes, "error.type": error },
    ...{ links: [], events: [], ended: true, resource, instrumentationScope: scope },
    ...{ droppedAttributesCount: 0, droppedEventsCount: 0, droppedLinksCount: 0 },
  } as ReadableSpan;
}

const statusCodes = { unset: 0, error: 2 } as const;

/** The numbers of the SDK's enumerations, of which the serializers take the names of data points and of temporality. */
const pointTypes = { histogram: 0, gauge: 2, counter: 3 } as const;
const cumulative = 1;
const doubleValues = 1;

function metricData({ type, name, description, unit, points }: MetricPoints): MetricData {
  return {
    descriptor: { name, description, unit, valueType: doubleValues },
    aggregationTemporality: cumulative,
    dataPointType: pointTypes[type],
    ...(type === "counter" ? { isMonotonic: true } : {}),
    dataPoints: points.map(({ attributes, startMs, atMs, value }) => ({
      attributes,
      startTime: timeOf(startMs),
      endTime: timeOf(atMs),
      value,
    })),
  } as unknown as MetricData;
}

/** The severity numbers of OTLP. */
const severityNumbers = { debug: 5, info: 9, warn: 13, error: 17, critical: 21 } as const;

function readableLog(entry: LogEntry, { resource, scope }: Origin): ReadableLogRecord {
  const at = timeOf(entry.atMs);
  return {
    ...{ hrTime: at, hrTimeObserved: at, resource, instrumentationScope: scope },
    severityNumber: severityNumbers[entry.severity],
    severityText: entry.severity.toUpperCase(),
    body: entry.text,
    attributes: entry.attributes ?? {},
    ...(entry.eventName === undefined ? {} : { eventName: entry.eventName }),
    droppedAttributesCount: 0,
  } as ReadableLogRecord;
}
