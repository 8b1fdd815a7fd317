// Adds and removes a session's waits for a person, each with its tool call. Pure.
import { summaryOf } from "../../text/summary.ts";
import type { AgentEvent } from "../../wire/event-messages.ts";
import type { SessionEvidence, WaitingForPerson } from "../session-evidence.ts";

const waitsKept = 16;
const idLength = 128;

/** Adds a wait for a person, about the event's tool call. */
export function withWait(
  session: SessionEvidence,
  event: AgentEvent,
  { since, what }: Pick<WaitingForPerson, "since" | "what">,
): SessionEvidence {
  const subagent = event.subagent === undefined ? {} : { subagent: event.subagent.slice(0, idLength) };
  const wait: WaitingForPerson = {
    since,
    what,
    ...subagent,
    ...toolOf(event),
    detail: summaryOf(event.detail ?? ""),
  };
  // Replace an earlier wait of the same call, and a wait without a tool, because now the tool is known.
  const rest = withoutWaits(
    session,
    (other) => isUnnamed(other) || (wait.tool_use_id !== undefined && other.tool_use_id === wait.tool_use_id),
  );
  return { ...rest, waits: [...(rest.waits ?? []), wait].slice(-waitsKept) };
}

/** Removes the waits that are over. Returns the same session if there is none. */
export function withoutWaits(
  session: SessionEvidence,
  isOver: (wait: WaitingForPerson) => boolean,
): SessionEvidence {
  const { waits, ...rest } = session;
  const left = waits?.filter((wait) => !isOver(wait)) ?? [];
  if (left.length === waits?.length) return session;
  return left.length === 0 ? rest : { ...rest, waits: left };
}

export const isOfSession = ({ subagent }: WaitingForPerson) => subagent === undefined;
export const isUnnamed = ({ tool }: WaitingForPerson) => tool === undefined;

/** Returns a test for the wait of the event's tool call: the one with the call's id, else the first one of the same tool and agent. */
export function isWaitOf(session: SessionEvidence, event: AgentEvent): (wait: WaitingForPerson) => boolean {
  const { tool, tool_use_id } = toolOf(event);
  const { waits = [] } = session;
  const byCall = waits.find((wait) => tool_use_id !== undefined && wait.tool_use_id === tool_use_id);
  const isLike = (wait: WaitingForPerson) =>
    wait.tool === tool &&
    wait.subagent === event.subagent?.slice(0, idLength) &&
    (wait.tool_use_id === undefined || tool_use_id === undefined);
  const found = byCall ?? waits.find(isLike);
  return (wait) => wait === found;
}

/** Removes the event's tool from the running tools, and the wait for it. */
export function withoutTool(session: SessionEvidence, event: AgentEvent): SessionEvidence {
  const own = toolOf(event);
  const isOwn = (other: { tool?: string; tool_use_id?: string }) =>
    own.tool_use_id === undefined || other.tool_use_id === undefined
      ? other.tool === own.tool
      : other.tool_use_id === own.tool_use_id;
  const place = session.tools.findIndex(isOwn);
  const isAnswered = isWaitOf(session, event);
  return {
    ...withoutWaits(session, (wait) => isUnnamed(wait) || isAnswered(wait)),
    tools: place === -1 ? session.tools : session.tools.toSpliced(place, 1),
  };
}

/** The event's tool and call id, cut to the lengths that a record keeps. */
export function toolOf({ tool = "a tool", tool_use_id }: AgentEvent): { tool: string; tool_use_id?: string } {
  const name = summaryOf(tool);
  return tool_use_id === undefined
    ? { tool: name }
    : { tool: name, tool_use_id: tool_use_id.slice(0, idLength) };
}
