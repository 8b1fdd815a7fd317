// Reads the place in a trace that a message names in its header `traceparent`.
import type { MsgHdrs } from "nats";
import { parseTraceparent, type TraceContext, traceHeader } from "../domain/trace/trace-context.ts";

/** Empty if the message names none, or if it is not readable. Anybody can name any: it decides nothing but where a span is shown. */
export function traceOf({ headers }: { readonly headers?: MsgHdrs | undefined }): {
  readonly trace?: TraceContext;
} {
  // Almost no message has headers.
  const trace = headers === undefined ? undefined : parseTraceparent(headers.get(traceHeader));
  return trace === undefined ? {} : { trace };
}
