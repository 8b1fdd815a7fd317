// This room reads and writes the place of an order or a call in a trace, as W3C Trace Context has it (`traceparent`). Pure.

/** The header of NATS messages and HTTP requests, the key in MCP's `_meta`, and in capitals the variable of a shell. */
export const traceHeader = "traceparent";

export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly trace_id: string;
  /** 16 hexadecimal digits: the span above. */
  readonly span_id: string;
  /** Set if whoever began the trace does not want it recorded. */
  readonly is_unsampled?: true;
}

const zeros = /^0+$/;

/** Undefined if the text is none. */
export function parseTraceparent(text: unknown): TraceContext | undefined {
  if (typeof text !== "string") return undefined;
  const [, version = "", trace_id = "", span_id = "", flags = "", more = ""] =
    /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(text.trim().slice(0, 256)) ?? [];
  const isKnown = version === "00" ? more === "" : version !== "" && version !== "ff";
  if (!isKnown || zeros.test(trace_id) || zeros.test(span_id)) return undefined;
  const isSampled = (Number.parseInt(flags, 16) & 1) === 1;
  return { trace_id, span_id, ...(isSampled ? {} : { is_unsampled: true }) };
}

export function traceparentOf({ trace_id, span_id, is_unsampled }: TraceContext): string {
  return `00-${trace_id}-${span_id}-${is_unsampled === true ? "00" : "01"}`;
}
