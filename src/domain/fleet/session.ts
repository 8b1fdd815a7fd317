// Reduces the events of an agent's CLI to the evidence about its session: its id, whether a turn is open, which tools run, what waits for a
// person, what failed. All lists are limited.
import { definedOf } from "../defined.ts";
import { type NotificationWord, notificationMeanings } from "../hook.ts";
import { summaryOf } from "../text/summary.ts";
import {
  type AgentEvent,
  failureWords,
  type SessionEventKind,
  type ToolsEventKind,
  toolsEventKinds,
} from "../wire/event-messages.ts";
import {
  withDenied,
  withoutRetry,
  withRetry,
  withToolsBack,
  withToolsLost,
} from "./reduce/session-troubles.ts";
import {
  isOfSession,
  isUnnamed,
  isWaitOf,
  toolOf,
  withoutTool,
  withoutWaits,
  withWait,
} from "./reduce/session-waits.ts";
import {
  hasConversation,
  isTurnOpen,
  type SessionEvidence,
  type WaitingForPerson,
} from "./session-evidence.ts";

const toolsKept = 16;
const backgroundKept = 16;

type Change = (session: SessionEvidence, event: AgentEvent, at: string) => SessionEvidence;

/** What each kind of event changes. An event of another kind changes nothing. */
const changes = new Map<string, Change>(
  Object.entries({
    session_start: (session) => session,
    prompt: (session, _, at) => {
      const { denied: _denied, ...rest } = settled(session);
      return { ...rest, turn: { since: at }, last_prompt_at: at };
    },
    tool_start: (session, event, at) => {
      const tool = { ...toolOf(event), since: at };
      // A tool of a background subagent does not open a turn of the session itself.
      const isOfBackground = event.subagent !== undefined && session.background !== undefined;
      const turn = isTurnOpen(session) || isOfBackground ? session.turn : undefined;
      const rest = withoutWaits(session, isUnnamed);
      return { ...rest, turn: turn ?? { since: at }, tools: [...session.tools, tool].slice(-toolsKept) };
    },
    tool_end: (session, event) => {
      const { failure: _, ...rest } = withoutTool(session, event);
      return rest;
    },
    tool_failed: (session, event, at) => {
      const failure = { tool: toolOf(event).tool, detail: summaryOf(event.detail ?? "") };
      const last = session.failure;
      const isSame = last?.tool === failure.tool && last.detail === failure.detail;
      return {
        ...withoutTool(session, event),
        failure: { ...failure, ...(isSame ? { count: last.count + 1, at: last.at } : { count: 1, at }) },
      };
    },
    turn_end: (session, event, at) => withBackground(endTurn(settled(session), at), event),
    turn_failed: (session, event, at) =>
      withBackground(withError(endTurn(session, at), { ...event, error: event.error ?? "" }, at), event),
    background: withBackground,
    permission: (session, event, at) => withWait(session, event, { since: at, what: "permission" }),
    question: (session, event, at) => withWait(session, event, { since: at, what: "answer" }),
    notification: (session, event, at) => withError(reduceNotification(session, event, at), event, at),
    subagent_start: (session) => session,
    subagent_end: (session, { subagent }) =>
      subagent === undefined ? session : withoutWaits(session, (wait) => wait.subagent === subagent),
    compaction: (session) => session,
    tool_denied: (session, event, at) => withDenied(withoutTool(session, event), event, at),
    retry: withRetry,
    retry_end: (session) => session,
    tools_lost: withToolsLost,
    tools_back: withToolsBack,
    usage: (session) => session,
    said: (session) => session,
    // If no turn is open, keep the time when the last one ended: it shows whether the session was interrupted or idle.
    session_end: (session, event, at) => ({
      ...withoutWaits(isTurnOpen(session) ? endTurn(session, at) : { ...session, tools: [] }, () => true),
      ended: { at, reason: summaryOf(event.detail ?? "") },
    }),
  } satisfies Record<SessionEventKind | ToolsEventKind, Change>),
);

/** Returns the session after an event; the same object if the event changes nothing. */
export function reduceSession(
  known: SessionEvidence | undefined,
  event: AgentEvent,
  at: string,
  isOfLiveRun = false,
): SessionEvidence | undefined {
  const change = changes.get(event.kind);
  const { instance_id, session_id, generation, seq } = event;
  const isNumbered = generation !== undefined && seq !== undefined;
  // A usage event without numbers is the agent's own report, and says nothing about a session. Nor do words alone begin one.
  if (
    change === undefined ||
    isLateEvent(known, event, isOfLiveRun) ||
    (event.kind === "usage" && !isNumbered) ||
    (event.kind === "said" && !isNumbered && known === undefined)
  )
    return known;
  const before = known !== undefined && !beginsAnew(known, event) ? known : undefined;
  const numbers = isNumbered ? { generation, seq } : {};
  if (before?.ended !== undefined)
    return isNumbered ? afterEnd(change, { ...before, ...numbers }, event, at) : before;
  const session: SessionEvidence = {
    ...(before ?? { started_at: at, tools: [] }),
    ...definedOf({ instance_id, session_id }),
    ...numbers,
    ...(before === undefined ? afterGeneration(known, generation) : {}),
    ...(before === undefined && isContinued(known, session_id) ? { is_continued: true } : {}),
    ...(before === undefined ? lostTools(known, generation) : {}),
    last_event_at: at,
  };
  return change(withoutRetry(session, event.kind, at), event, at);
}

const toolsEvents: ReadonlySet<string> = new Set(toolsEventKinds);

/** Applies an event that comes after the session's end. Only an event about cliai's tools counts: they can be lost between two sessions, too. */
function afterEnd(change: Change, session: SessionEvidence, event: AgentEvent, at: string): SessionEvidence {
  return toolsEvents.has(event.kind) ? change(session, event, at) : session;
}

/** Carries `tools_lost` over from the last session if that is of the same run. If the CLI starts cliai's MCP server again, `tools_back` says so. */
function lostTools(
  known: SessionEvidence | undefined,
  generation: number | undefined,
): Pick<SessionEvidence, "tools_lost"> {
  const isSameRun = generation !== undefined && generation === known?.generation;
  return isSameRun ? definedOf({ tools_lost: known.tools_lost }) : {};
}

function isContinued(known: SessionEvidence | undefined, session_id: string | undefined): boolean {
  if (known === undefined || session_id === undefined || known.session_id !== session_id) return false;
  return hasConversation(known);
}

/** The `after_generation` of a session that replaces one with a higher generation. */
function afterGeneration(
  known: SessionEvidence | undefined,
  generation: number | undefined,
): { after_generation?: number } {
  const before = known?.generation;
  if (before === undefined || generation === undefined || generation > before) return {};
  const after = generation === before ? known?.after_generation : before;
  return after === undefined ? {} : { after_generation: after };
}

/**
 * Whether the event belongs to an older session, or its number is not above the last one of the same session. An event without numbers
 * counts in the order in which it comes, but is ignored if the session has numbers.
 * @param isOfLiveRun whether the event's run sends the heartbeats, and the known session's run does not. Then a lower generation counts too:
 * a generation is a time, and the clock may have been set back between the two runs.
 */
export function isLateEvent(
  known: SessionEvidence | undefined,
  { kind, generation, seq }: AgentEvent,
  isOfLiveRun = false,
): boolean {
  if (known?.generation === undefined) return false;
  if (generation === undefined || seq === undefined) return kind !== "usage" && changes.has(kind);
  if (generation === known.after_generation) return true;
  if (generation !== known.generation) return generation < known.generation && !isOfLiveRun;
  return seq <= (known.seq ?? 0);
}

/** Whether the event begins a new session. A `session_start` with the same session id does not: the session goes on after compaction. */
function beginsAnew(known: SessionEvidence, { kind, generation, seq, session_id }: AgentEvent): boolean {
  const isNumbered = generation !== undefined && seq !== undefined;
  if (isNumbered && generation !== known.generation) return true;
  if (known.ended !== undefined) return kind === "session_start" || kind === "prompt";
  if (kind !== "session_start") return false;
  return !isNumbered || (session_id ?? known.session_id) !== (known.session_id ?? session_id);
}

/** Removes the waits of the session itself, and its failures. */
function settled(session: SessionEvidence): SessionEvidence {
  const { failure: _failure, turn_error: _error, ...rest } = withoutWaits(session, isOfSession);
  return rest;
}

function endTurn(session: SessionEvidence, at: string): SessionEvidence {
  const rest = withoutWaits(session, isOfSession);
  return { ...rest, tools: [], turn: { since: session.turn?.since ?? at, ended_at: at } };
}

function withBackground({ background: _, ...session }: SessionEvidence, event: AgentEvent): SessionEvidence {
  const background = (event.background ?? []).slice(0, backgroundKept).map(({ type, description }) => ({
    type: summaryOf(type),
    ...(description === undefined ? {} : { description: summaryOf(description) }),
  }));
  return background.length === 0 ? session : { ...session, background };
}

function withError(session: SessionEvidence, event: AgentEvent, at: string): SessionEvidence {
  const { error, detail, remedy, limit_resets_at } = event;
  if (error === undefined) return session;
  const word = failureWords.find((known) => known === error) ?? "other";
  return {
    ...session,
    turn_error: {
      ...{ error: word, detail: summaryOf(detail ?? ""), at },
      ...definedOf({ remedy, limit_resets_at: limit_resets_at ?? undefined }),
    },
  };
}

const notifications: ReadonlyMap<string, (typeof notificationMeanings)[NotificationWord]> = new Map(
  Object.entries(notificationMeanings),
);

function reduceNotification(session: SessionEvidence, event: AgentEvent, at: string): SessionEvidence {
  const detail = event.detail ?? "";
  const [, word = "", words = ""] = /^(\w*)(?:: )?(.*)$/s.exec(detail) ?? [];
  const what = notifications.get(word);
  if (what === undefined) return session;
  // If the user interrupted the turn, no event told its end; this notification is the first sign of it.
  if (what === "idle") return isTurnOpen(session) ? endTurn(session, at) : session;
  if (what === "answered") {
    const isAnswered =
      event.tool === undefined ? (wait: WaitingForPerson) => isUnnamed(wait) : isWaitOf(session, event);
    return withoutWaits(session, isAnswered);
  }
  if (session.waits !== undefined) return session;
  return { ...session, waits: [{ since: at, what, detail: summaryOf(words) }] };
}
