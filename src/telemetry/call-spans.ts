// The span of a call of one of cliai's own tools, as serve has answered it. Pure.
import { isToolName } from "../domain/wire/tools/tools.ts";
import { agentAttributes } from "./order-spans.ts";
import { below, type Span, type SpanContext, spanIdOf, traceIdOf } from "./span.ts";

export interface SeenCall {
  readonly id: string;
  readonly request_id: string | null;
  readonly tool: string;
  readonly success: boolean;
  readonly took_ms: number;
}

/** @param parent what the call says that it belongs to, else the agent's turn @param endMs when it was answered, in ms since 1970 */
export function callSpan(call: SeenCall, parent: SpanContext | undefined, endMs: number): Span {
  const { id, request_id, tool: called, success, took_ms } = call;
  // An agent can call by any name; a span's name must be one of few.
  const tool = isToolName(called) ? called : "unknown";
  const names = ["call", id, request_id ?? `${called} ${endMs}`];
  return {
    ...below(parent, spanIdOf(...names), () => traceIdOf(...names)),
    name: `tools/call ${tool}`,
    kind: "server",
    startMs: endMs - took_ms,
    endMs,
    attributes: {
      "mcp.method.name": "tools/call",
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": tool,
      ...agentAttributes(id),
    },
    error: success ? undefined : "tool_error",
  };
}
