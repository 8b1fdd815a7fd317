// This room sends traces, metrics and logs over OTLP. It is loaded only if something is to be sent, and nothing in serve waits for it.
//
// Opens it all: makes spans of what serve reads, and sends them, the metrics, the log and the alerts.
import { type OtlpSettings, type OtlpSignal, otlpSignals } from "../config/otlp-settings.ts";
import { definedOf } from "../domain/defined.ts";
import type { AgentRecord } from "../domain/fleet/agent-record.ts";
import { messageOf } from "../domain/text/errors.ts";
import type { Logger } from "../log.ts";
import type { Server } from "../server/server.ts";
import type { FleetObserver } from "../server/start/fleet-observer.ts";
import type { ExportedSignal } from "../web/metrics/export-metrics.ts";
import type { Metric } from "../web/metrics/prometheus-text.ts";
import { callSpan } from "./call-spans.ts";
import { alertEntry, createSendingLogger, type LogEntry } from "./log-entry.ts";
import { metricPoints } from "./metric-points.ts";
import { type MetricsSending, startMetricsSending } from "./metrics-sending.ts";
import { createModelSpans } from "./model-spans.ts";
import { orderSpans } from "./order-spans.ts";
import { createEncoding, type Encoding, type Source } from "./otlp.ts";
import { createQueue, type Queue, type QueueOptions } from "./queue.ts";
import { createRequestSpans } from "./request-spans.ts";
import { sendOtlp } from "./send.ts";
import { contextOf, type Span } from "./span.ts";
import { createTrouble, type Trouble } from "./trouble.ts";
import { createTurns } from "./turn-spans.ts";

export interface TelemetryOptions {
  readonly version: string;
  /** This serve, as its other parts name it. */
  readonly instance: string;
  readonly now: () => Date;
  readonly log: Logger;
  /** After how long spans and log lines are sent. Default 5000. */
  readonly sendAfterMs?: number;
}

export interface Telemetry {
  /** Writes as the logger of the options does, and also sends. */
  readonly log: Logger;
  /** For `startServer`. */
  readonly observer: FleetObserver;
  /** Follows a server that has started. @param gather gives all that `GET /metrics` tells */
  follow(server: Pick<Server, "alerts" | "isLeader" | "startedAt">, gather: () => Promise<Metric[]>): void;
  /** What was sent and dropped of each signal since the start: spans, requests with metrics, log records. */
  figures(): readonly ExportedSignal[];
  /** Sends the spans and log records that are left, for 2 s at most. Never throws. */
  stop(): Promise<void>;
}

const stopWithinMs = 2_000;

export function openTelemetry(settings: OtlpSettings, options: TelemetryOptions): Telemetry {
  const { now, log } = options;
  const trouble = createTrouble(log);
  const sending = { ...options, settings, trouble, source: sourceOf(settings, options) };
  const traces = openQueue<Span>("traces", sending, (encoding, batch) => encoding.spans(batch));
  const logs = openQueue<LogEntry>("logs", sending, (encoding, batch) => encoding.logs(batch));
  let metrics: MetricsSending | undefined;
  let unfollow: (() => void) | undefined;
  const sendSpan = (span: Span) => {
    // Another program may have stored a time that nobody can read.
    if (span.isUnsampled === undefined && Number.isFinite(span.startMs) && Number.isFinite(span.endMs))
      traces?.add(span);
  };

  return {
    log: createSendingLogger(log, (line) => logs?.add({ ...line, atMs: now().getTime() })),
    observer: createObserver(sendSpan, now),
    follow(server, gather) {
      unfollow = server.alerts.onAlert((alert) => {
        // Of several serves, the leader alone sends them.
        if (server.isLeader()) logs?.add(alertEntry(alert));
      });
      metrics = openMetrics(sending, Date.parse(server.startedAt), gather);
    },
    figures: () =>
      otlpSignals.flatMap((signal) => {
        const figures = { traces, metrics, logs }[signal]?.figures();
        return figures === undefined ? [] : [{ signal, ...figures }];
      }),
    async stop() {
      unfollow?.();
      await Promise.all([traces, metrics, logs].map((each) => each?.stop(stopWithinMs)));
    },
  };
}

function sourceOf({ resource }: OtlpSettings, { version, instance }: TelemetryOptions): Source {
  const own = { "service.name": "cliai", "service.version": version, "service.instance.id": instance };
  return { resource: { ...own, ...resource }, version };
}

/** Makes spans of what serve reads. */
function createObserver(send: (span: Span) => void, now: () => Date): FleetObserver {
  const turns = createTurns();
  const requests = createRequestSpans();
  const models = createModelSpans();
  const sendAll = (spans: readonly Span[]) => {
    for (const span of spans) send(span);
  };
  return {
    changed(event, before, after) {
      if (before?.commands !== after.commands) sendAll(changedOrders(before, after));
      if (event.type === "heartbeat") sendAll(models.take(after, event.at, turns.context(after)));
      if (event.type === "event") sendAll(turns.take(before, after, event.message, event.at));
    },
    answered(call, caller, trace) {
      const parent = trace === undefined ? turns.context(caller) : contextOf(trace);
      send(callSpan(call, parent, now().getTime()));
    },
    requested: (request, asker) => sendAll(requests.take(request, turns.context(asker))),
  };
}

function changedOrders(before: AgentRecord | undefined, { agent_id, commands }: AgentRecord): Span[] {
  const known = new Map(before?.commands.map((order) => [order.command_id, order]));
  return commands.flatMap((order) => orderSpans(agent_id, known.get(order.command_id), order));
}

interface Sending extends TelemetryOptions {
  readonly settings: OtlpSettings;
  readonly source: Source;
  readonly trouble: Trouble;
}

type Encode<T> = (encoding: Encoding, batch: T) => Uint8Array<ArrayBuffer>;

/** Encodes a batch and sends it once; undefined if the signal is not sent. The function that it returns never throws. */
function createSend<T>(signal: OtlpSignal, { settings, source, now }: Sending, encode: Encode<T>) {
  const target = settings.targets[signal];
  if (target === undefined) return undefined;
  const encoding = createEncoding(target.protocol, source);
  return async (batch: T, abort: AbortSignal): ReturnType<QueueOptions<T>["send"]> => {
    try {
      const content = { body: encode(encoding, batch), type: encoding.contentType };
      const outcome = await sendOtlp(target, content, { signal: abort, now });
      if (outcome.type !== "taken") return outcome;
      return { ...outcome, rejected: rejectedBy(encoding, signal, outcome.answer) };
    } catch (error) {
      return { type: "refused", reason: `they cannot be encoded: ${messageOf(error)}` };
    }
  };
}

/** How many the receiver says that it has refused. One that answers with something else than OTLP has taken all, because it has taken the request. */
function rejectedBy(encoding: Encoding, signal: OtlpSignal, answer: Uint8Array): number {
  try {
    const rejected = encoding.rejected(signal, answer);
    return Number.isSafeInteger(rejected) ? rejected : 0;
  } catch {
    return 0; // the answer cannot be read
  }
}

function openQueue<T>(
  signal: OtlpSignal,
  sending: Sending,
  encode: Encode<readonly T[]>,
): Queue<T> | undefined {
  const send = createSend(signal, sending, encode);
  if (send === undefined) return undefined;
  const onTried = (reason: string | undefined) => sending.trouble.tried(signal, reason);
  return createQueue<T>({ send, onTried, ...definedOf({ sendAfterMs: sending.sendAfterMs }) });
}

function openMetrics(
  sending: Sending,
  startMs: number,
  gather: () => Promise<Metric[]>,
): MetricsSending | undefined {
  const { settings, trouble, now } = sending;
  const send = createSend("metrics", sending, (encoding, metrics: readonly Metric[]) =>
    encoding.metrics(metricPoints(metrics, startMs, now().getTime())),
  );
  if (send === undefined) return undefined;
  return startMetricsSending({
    everyMs: settings.metricsEveryMs,
    send: async (abort) => await send(await gather(), abort),
    onTried: (reason) => trouble.tried("metrics", reason),
  });
}
