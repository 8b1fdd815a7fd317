// A span as this room makes it, and the ids of spans and traces. `otlp.ts` encodes spans.
import { createHash } from "node:crypto";
import type { TraceContext } from "../domain/trace/trace-context.ts";

/** `internal`: a step in one program. The others are the ends of a call or of a message. */
export const spanKinds = ["internal", "server", "client", "producer", "consumer"] as const;
export type SpanKind = (typeof spanKinds)[number];

export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** Where a span belongs: its trace, and the span above it. */
export interface SpanContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  /** Set if whoever began the trace does not want it recorded: then the span is not sent. */
  readonly isUnsampled?: true | undefined;
}

export interface Span extends SpanContext {
  readonly parentId?: string | undefined;
  readonly name: string;
  readonly kind: SpanKind;
  /** In ms since 1970. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  /** A word for what went wrong (`error.type`). */
  readonly error?: string | undefined;
}

/** The context of a span that another program has made. */
export function contextOf({
  trace_id: traceId,
  span_id: spanId,
  is_unsampled: isUnsampled,
}: TraceContext): SpanContext {
  return { traceId, spanId, isUnsampled };
}

/** The place of a span below another one; without one, it is the first of a trace of its own. */
export function below(
  parent: SpanContext | undefined,
  spanId: string,
  ownTraceId: () => string,
): Pick<Span, "traceId" | "spanId" | "parentId" | "isUnsampled"> {
  if (parent === undefined) return { traceId: ownTraceId(), spanId };
  return { traceId: parent.traceId, spanId, parentId: parent.spanId, isUnsampled: parent.isUnsampled };
}

/**
 * The ids follow from what they name, so that a serve that is started again, and one that takes over, go on with the same trace.
 * @param names what the trace or span is about; the same names give the same id
 */
export function traceIdOf(...names: readonly (string | number)[]): string {
  return hashOf(["trace", ...names]).slice(0, 32);
}

export function spanIdOf(...names: readonly (string | number)[]): string {
  return hashOf(["span", ...names]).slice(0, 16);
}

function hashOf(names: readonly (string | number)[]): string {
  return createHash("sha256").update(JSON.stringify(names)).digest("hex");
}
