// The span of a request that has waited for a person or a captain: from asked to its end.
import type { AgentRequest } from "../domain/requests.ts";
import { agentAttributes } from "./order-spans.ts";
import { below, type Span, type SpanContext, spanIdOf, traceIdOf } from "./span.ts";

/** Of so many requests is remembered in which turn they were asked, and that their span was made. */
const requestsKept = 10_000;

export interface RequestSpans {
  /** @param turn the turn in which the agent is now */
  take(request: AgentRequest, turn: SpanContext | undefined): Span[];
}

export function createRequestSpans(): RequestSpans {
  /** The turn in which each was asked; `done` once its span is made, because an ended request can still change. */
  const known = new Map<string, { readonly turn: SpanContext | undefined; readonly done: boolean }>();
  const note = (id: string, what: { readonly turn: SpanContext | undefined; readonly done: boolean }) => {
    known.set(id, what);
    const [oldest] = known.keys();
    if (known.size > requestsKept && oldest !== undefined) known.delete(oldest);
  };
  return {
    take(request, now) {
      const { request_id: id, state, ended_at } = request;
      const seen = known.get(id);
      const turn = seen?.turn ?? now;
      if (seen?.done === true) return [];
      if (state === "asked" || ended_at === undefined) {
        if (seen === undefined) note(id, { turn, done: false });
        return [];
      }
      note(id, { turn, done: true });
      return [requestSpan(request, ended_at, turn)];
    },
  };
}

function requestSpan(request: AgentRequest, endedAt: string, turn: SpanContext | undefined): Span {
  const { request_id: id, agent_id, kind, state, asked_at, answer } = request;
  return {
    ...below(turn, spanIdOf("request", id), () => traceIdOf("request", id)),
    name: `request ${kind}`,
    kind: "internal",
    startMs: Date.parse(asked_at),
    endMs: Date.parse(endedAt),
    attributes: {
      ...agentAttributes(agent_id),
      "cliai.request.id": id,
      "cliai.request.kind": kind,
      "cliai.request.state": state,
      ...(answer?.approved === undefined ? {} : { "cliai.request.approved": answer.approved }),
    },
    error: state === "expired" ? state : undefined,
  };
}
