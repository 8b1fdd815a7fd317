// The spans of what an agent's session does: its turns, and the tools that run in them. They follow from the agent's record, which outlives a serve.
import type { AgentRecord } from "../domain/fleet/agent-record.ts";
import type { ToolInFlight } from "../domain/fleet/session-evidence.ts";
import type { AgentEvent } from "../domain/wire/event-messages.ts";
import { agentAttributes, orderContext } from "./order-spans.ts";
import { below, type Span, type SpanContext, spanIdOf, traceIdOf } from "./span.ts";

/** An order has begun the turn if it was handed over after this long before the turn's begin. */
const handedBeforeMs = 30_000;
/** For how many agents the present turn is remembered; the oldest is forgotten first. */
const turnsKept = 10_000;

export interface Turns {
  /** The spans that have ended with an event of the session. */
  take(before: AgentRecord | undefined, after: AgentRecord, event: AgentEvent, at: string): Span[];
  /** The context of the agent's open turn, for what it does in it; undefined if no turn is open. */
  context(record: AgentRecord | undefined): SpanContext | undefined;
}

interface Turn extends SpanContext, Pick<Span, "parentId"> {
  readonly since: string;
}

export function createTurns(): Turns {
  /** By agent. Once a turn belongs to a trace it stays there, also if another order comes meanwhile. */
  const turns = new Map<string, Turn>();
  const turnOf = (record: AgentRecord, since: string): Turn => {
    const id = record.agent_id;
    const known = turns.get(id);
    if (known?.since === since) return known;
    const turn = { ...placeOf(record, since), since };
    turns.delete(id);
    turns.set(id, turn);
    const [oldest] = turns.keys();
    if (turns.size > turnsKept && oldest !== undefined) turns.delete(oldest);
    return turn;
  };

  return {
    take(before, after, event, at) {
      const [was, is] = [before?.session, after.session];
      if (was?.turn === undefined || is === undefined || was === is) return [];
      if (was.started_at !== is.started_at) return [];
      const turn = turnOf(after, was.turn.since);
      // The list of running tools is limited: a tool that begins may push out one that still runs.
      const ended = event.kind === "tool_start" ? [] : was.tools.filter((tool) => !is.tools.includes(tool));
      const spans = ended.map((tool) => toolSpan(after.agent_id, turn, tool, event, at));
      // A prompt in an open turn begins the turn anew.
      const isOver = is.turn?.ended_at !== undefined || is.turn?.since !== was.turn.since;
      return was.turn.ended_at === undefined && isOver ? [...spans, turnSpan(after, turn, event, at)] : spans;
    },
    context(record) {
      const turn = record?.session?.turn;
      return record === undefined || turn === undefined || turn.ended_at !== undefined
        ? undefined
        : turnOf(record, turn.since);
    },
  };
}

/** A turn that an order has begun belongs to the order's trace; any other one is a trace of its own. */
function placeOf({ agent_id: id, commands }: AgentRecord, since: string): Omit<Turn, "since"> {
  const spanId = spanIdOf("turn", id, since);
  const fromMs = Date.parse(since) - handedBeforeMs;
  const [first] = commands
    .flatMap((order) => {
      const handed = order.receipts.find(({ state }) => state === "injected" || state === "seen");
      const isText = order.type === "task" || order.type === "message";
      const atMs = handed === undefined || !isText ? Number.NaN : Date.parse(handed.at);
      return atMs >= fromMs ? [{ order, atMs }] : [];
    })
    .sort((a, b) => a.atMs - b.atMs);
  const order = first === undefined ? undefined : orderContext(id, first.order);
  return below(order, spanId, () => traceIdOf("turn", id, since));
}

function turnSpan(record: AgentRecord, turn: Turn, event: AgentEvent, at: string): Span {
  const { agent_id: id, session, usage } = record;
  const { since, ...place } = turn;
  // The word of the record: the event itself may have any text there.
  const error = event.kind === "turn_failed" ? (session?.turn_error?.error ?? "other") : undefined;
  return {
    ...place,
    name: `invoke_agent ${id}`,
    kind: "internal",
    startMs: Date.parse(since),
    endMs: Date.parse(at),
    attributes: {
      "gen_ai.operation.name": "invoke_agent",
      ...agentAttributes(id),
      ...(session?.session_id === undefined ? {} : { "gen_ai.conversation.id": session.session_id }),
      ...(usage?.model === undefined ? {} : { "gen_ai.response.model": usage.model }),
    },
    error,
  };
}

function toolSpan(id: string, turn: Turn, tool: ToolInFlight, event: AgentEvent, at: string): Span {
  const isFailed = event.kind === "tool_failed" || event.kind === "tool_denied";
  // A turn that has ended has ended all its tools; then no event tells how.
  const isOwn = event.tool_use_id === undefined || event.tool_use_id === tool.tool_use_id;
  return {
    ...below(turn, spanIdOf("tool", id, tool.tool_use_id ?? tool.tool, tool.since), () => turn.traceId),
    name: `execute_tool ${tool.tool}`,
    kind: "internal",
    startMs: Date.parse(tool.since),
    endMs: Date.parse(at),
    attributes: {
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": tool.tool,
      ...(tool.tool_use_id === undefined ? {} : { "gen_ai.tool.call.id": tool.tool_use_id }),
      ...agentAttributes(id),
    },
    error: isFailed && isOwn ? event.kind : undefined,
  };
}
