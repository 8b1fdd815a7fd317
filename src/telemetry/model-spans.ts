// The spans of requests to model servers, as far as the heartbeats of an agent's host tell of them.
import type { AgentRecord, ModelRequestEvidence } from "../domain/fleet/agent-record.ts";
import { agentAttributes } from "./order-spans.ts";
import { below, type Span, type SpanContext, spanIdOf, traceIdOf } from "./span.ts";

/** For how many agents the request that runs is remembered; the oldest is forgotten first. */
const requestsKept = 10_000;
/** The begin of a request is told anew by each heartbeat, by the clock of another machine; it differs by less than this. */
const sameSinceMs = 1_000;

export interface ModelSpans {
  /** The span of a request that has ended with a heartbeat. @param turn the turn in which the agent is now */
  take(after: AgentRecord, at: string, turn: SpanContext | undefined): Span[];
}

interface Running {
  readonly request: ModelRequestEvidence & { readonly since: string };
  readonly turn: SpanContext | undefined;
}

export function createModelSpans(): ModelSpans {
  const running = new Map<string, Running>();
  return {
    take({ agent_id: id, heartbeat }, at, turn) {
      const is = heartbeat?.model_request;
      const was = running.get(id);
      if (was !== undefined && is !== undefined && isSame(was.request, is)) {
        // What is told later, such as the length of the prompt, belongs to it as well.
        running.set(id, { ...was, request: { ...was.request, ...is, since: was.request.since } });
        return [];
      }
      running.delete(id);
      if (is?.since !== undefined && isAtWork(is)) {
        running.set(id, { request: { ...is, since: is.since }, turn });
        const [oldest] = running.keys();
        if (running.size > requestsKept && oldest !== undefined) running.delete(oldest);
      }
      return was === undefined ? [] : [modelSpan(id, was, is?.since ?? at, is?.state === "cancelled")];
    },
  };
}

function isAtWork({ state }: ModelRequestEvidence): boolean {
  return state === "working" || state === "unqueued";
}

function isSame(was: Running["request"], is: ModelRequestEvidence): boolean {
  if (is.since === undefined || is.state !== was.state || is.server !== was.server) return false;
  return Math.abs(Date.parse(is.since) - Date.parse(was.since)) < sameSinceMs;
}

function modelSpan(id: string, { request, turn }: Running, endedAt: string, isCancelled: boolean): Span {
  const { server, model, since, prompt_tokens } = request;
  const names = ["model", id, since];
  return {
    ...below(turn, spanIdOf(...names), () => traceIdOf(...names)),
    name: model === undefined ? "chat" : `chat ${model}`,
    kind: "client",
    startMs: Date.parse(since),
    endMs: Math.max(Date.parse(since), Date.parse(endedAt)),
    attributes: {
      "gen_ai.operation.name": "chat",
      ...(model === undefined ? {} : { "gen_ai.request.model": model }),
      ...(prompt_tokens === undefined ? {} : { "gen_ai.usage.input_tokens": prompt_tokens }),
      ...agentAttributes(id),
      "cliai.model_server": server,
    },
    error: isCancelled ? "cancelled" : undefined,
  };
}
