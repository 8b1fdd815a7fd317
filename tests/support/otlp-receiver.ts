// An OTLP receiver on a port of its own. It decodes what comes by the official definitions (otlp-proto), as protobuf or as JSON, and refuses what
// does not fit them. It can answer anything, or be down.
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import protobuf from "protobufjs";

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  /** The name of the enumeration's value, such as `SPAN_KIND_CLIENT`. */
  readonly kind: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly status: string;
  readonly attributes: Attributes;
}

type Attributes = Readonly<Record<string, unknown>>;

export interface ReceivedMetric {
  readonly name: string;
  readonly unit: string;
  /** `sum`, `gauge` or `histogram`. */
  readonly type: string;
  readonly isMonotonic: boolean | undefined;
  readonly points: readonly (Attributes & { readonly attributes: Attributes })[];
}

export interface ReceivedLog {
  readonly severityNumber: unknown;
  readonly severityText: string;
  readonly body: unknown;
  readonly eventName: string;
  readonly attributes: Attributes;
}

interface Answer {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

export interface OtlpReceiver extends AsyncDisposable {
  readonly url: string;
  readonly spans: ReceivedSpan[];
  readonly metrics: ReceivedMetric[];
  readonly logs: ReceivedLog[];
  /** The attributes of the resource, of the last request. */
  readonly resource: Attributes;
  /** Path, content type and other headers of each request. */
  readonly requests: { readonly path: string; readonly headers: IncomingMessage["headers"] }[];
  /** What did not fit the definitions. */
  readonly problems: string[];
  /** How it answers: a status with headers and a body, or not at all. Default 200, without a body. */
  answer(how: Answer | "never"): void;
  /** Refuses connections until `up`. */
  down(): Promise<void>;
  up(): Promise<void>;
}

const protoDir = join(import.meta.dirname, "otlp-proto");
const servicePath = (signal: string) =>
  `opentelemetry/proto/collector/${signal}/v1/${signal === "trace" ? "trace" : signal}_service.proto`;

const root = new protobuf.Root();
root.resolvePath = (_, target) => join(protoDir, target);
root.loadSync(["trace", "metrics", "logs"].map(servicePath));
root.resolveAll();

const requestTypes: Readonly<Record<string, protobuf.Type>> = {
  "/v1/traces": root.lookupType("opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest"),
  "/v1/metrics": root.lookupType("opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest"),
  "/v1/logs": root.lookupType("opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest"),
};

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const [spans, metrics, logs]: [ReceivedSpan[], ReceivedMetric[], ReceivedLog[]] = [[], [], []];
  const requests: OtlpReceiver["requests"] = [];
  const problems: string[] = [];
  let resource: Attributes = {};
  let how: Parameters<OtlpReceiver["answer"]>[0] = { status: 200 };
  let server: Server | undefined;
  let port = 0;

  const take = (path: string, request: IncomingMessage, body: Buffer) => {
    const type = requestTypes[path];
    if (type === undefined) throw new Error(`there is no ${path}`);
    const isZipped = request.headers["content-encoding"] === "gzip";
    const message = decode(type, request.headers["content-type"], isZipped ? gunzipSync(body) : body);
    const all = (message.resourceSpans ?? message.resourceMetrics ?? message.resourceLogs) as Plain[];
    for (const each of all) {
      resource = attributesOf((each.resource as Plain).attributes);
      for (const scope of (each.scopeSpans ?? each.scopeMetrics ?? each.scopeLogs) as Plain[]) {
        spans.push(...((scope.spans ?? []) as Plain[]).map(spanOf));
        metrics.push(...((scope.metrics ?? []) as Plain[]).map(metricOf));
        logs.push(...((scope.logRecords ?? []) as Plain[]).map(logOf));
      }
    }
  };
  const up = async () => {
    server = createServer(async (request, response) => {
      const path = request.url ?? "";
      const body = Buffer.concat(await Array.fromAsync(request));
      requests.push({ path, headers: request.headers });
      if (how === "never") return;
      if (how.status === 200)
        try {
          take(path, request, body);
        } catch (error) {
          problems.push(String(error));
        }
      response.writeHead(how.status, how.headers).end(how.body);
    });
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    port = (server.address() as AddressInfo).port;
  };
  const down = async () => {
    if (server === undefined) return;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    server = undefined;
    await closed;
  };
  await up();
  return {
    ...{ url: `http://127.0.0.1:${port}`, spans, metrics, logs, requests, problems, up, down },
    get resource() {
      return resource;
    },
    answer(next) {
      how = next;
    },
    [Symbol.asyncDispose]: down,
  };
}

type Plain = Record<string, unknown>;

/** Decodes a request to plain objects: ids in hexadecimal digits, enumerations as words, times as text. @throws Error if it does not fit */
function decode(type: protobuf.Type, contentType: string | undefined, body: Buffer): Plain {
  const message =
    contentType === "application/json"
      ? type.fromObject(fromJson(type, JSON.parse(body.toString()), type.name) as Plain)
      : decodeProtobuf(type, contentType, body);
  return type.toObject(message, { longs: String, enums: String, bytes: Array, defaults: true, oneofs: true });
}

function decodeProtobuf(type: protobuf.Type, contentType: string | undefined, body: Buffer) {
  if (contentType !== "application/x-protobuf") throw new Error(`the content type is ${contentType}`);
  const message = type.decode(body);
  // A field that the definitions do not know would be skipped: then less comes back.
  const again = type.encode(message).finish();
  if (again.length > body.length) throw new Error(`${body.length} bytes were ${again.length}`);
  return message;
}

/** Checks that each key is a field, and turns ids from hexadecimal digits, which OTLP has in JSON, into bytes. */
function fromJson(type: protobuf.Type, value: unknown, place: string): unknown {
  return Object.fromEntries(
    Object.entries(value as Plain).map(([key, part]) => {
      const field = type.fields[key];
      if (field === undefined) throw new Error(`${place} has no field ${key}`);
      const read = (one: unknown): unknown => {
        if (field.resolvedType instanceof protobuf.Type)
          return fromJson(field.resolvedType, one, `${place}.${key}`);
        if (field.type === "bytes" && /(trace|span)Id$/i.test(key))
          return [...Buffer.from(String(one), "hex")];
        if (field.resolvedType instanceof protobuf.Enum && typeof one !== "number")
          throw new Error(`${place}.${key} must be a number`);
        return one;
      };
      if (field.repeated && !Array.isArray(part)) throw new Error(`${place}.${key} must be a list`);
      return [key, field.repeated ? (part as unknown[]).map(read) : read(part)];
    }),
  );
}

function hexOf(bytes: unknown): string {
  return Buffer.from(bytes as number[]).toString("hex");
}

function msOf(nanos: unknown): number {
  return Number(BigInt(String(nanos)) / 1_000n) / 1_000;
}

function attributesOf(list: unknown): Attributes {
  return Object.fromEntries((list as Plain[]).map(({ key, value }) => [key, anyValueOf(value as Plain)]));
}

function anyValueOf(value: Plain): unknown {
  const kind = value.value;
  const plain = typeof kind === "string" ? value[kind] : undefined;
  return kind === "intValue" ? Number(plain) : plain;
}

function spanOf(span: Plain): ReceivedSpan {
  const { traceId, spanId, parentSpanId, name, kind, startTimeUnixNano, endTimeUnixNano, status } = span;
  return {
    ...{ traceId: hexOf(traceId), spanId: hexOf(spanId), parentSpanId: hexOf(parentSpanId) },
    ...{ name: String(name), kind: String(kind), status: String((status as Plain).code) },
    ...{ startMs: msOf(startTimeUnixNano), endMs: msOf(endTimeUnixNano) },
    attributes: attributesOf(span.attributes),
  };
}

function metricOf(metric: Plain): ReceivedMetric {
  const type = String(metric.data);
  const data = metric[type] as Plain;
  return {
    ...{ name: String(metric.name), unit: String(metric.unit), type },
    isMonotonic: data.isMonotonic as boolean | undefined,
    points: (data.dataPoints as Plain[]).map((point) => ({
      ...point,
      attributes: attributesOf(point.attributes),
    })),
  };
}

function logOf(log: Plain): ReceivedLog {
  return {
    ...{ severityNumber: log.severityNumber, severityText: String(log.severityText) },
    ...{ body: anyValueOf(log.body as Plain), eventName: String(log.eventName) },
    attributes: attributesOf(log.attributes),
  };
}
