// A span as this room makes it, and the ids of spans and traces. `otlp.ts` encodes spans.
import { createHash } from "node:crypto";

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
