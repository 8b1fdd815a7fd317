// Reduces the events of an agent's CLI to the evidence of its session: its id, whether a turn is open, which tools run,
// what waits for a person, what failed. All lists are bounded. session-reading.ts interprets it.
import { type NotificationWord, notificationMeanings } from "../hook.ts";
import { summaryOf } from "../receipts.ts";
import { type AgentEvent, type FailureWord, failureWords, type SessionEventKind } from "../wire/messages.ts";

const toolsKept = 16;
const waitsKept = 16;
const backgroundKept = 16;
const idLength = 128;

/** All times are those of the stream that the events came by, RFC 3339. */
export interface SessionEvidence {
  readonly instance_id?: string;
  readonly session_id?: string;
  /** The last event taken in; both are absent for a session that was told of without numbers. */
  readonly generation?: number;
  readonly seq?: number;
  /** The higher generation that this one took the place of, as after the clock was set back. */
  readonly after_generation?: number;
  readonly started_at: string;
  readonly last_event_at: string;
  readonly last_prompt_at?: string;
  /** The present turn or, with its end, the last one. A prompt into a turn that is open begins it anew. */
  readonly turn?: { readonly since: string; readonly ended_at?: string };
  /** Begun and not ended, oldest first; of many the last 16. */
  readonly tools: readonly ToolInFlight[];
  /** What goes on in the background when no turn is open, by the last word about it; absent when nothing does. Of many the first 16. */
  readonly background?: readonly BackgroundWork[];
  /** What waits for a person, oldest first, each until its own end; absent when nothing does. Of many the last 16. */
  readonly waits?: readonly WaitingForPerson[];
  /** The last failure of a tool, and how often it came in a row. */
  readonly failure?: ToolFailure;
  /** Why the last turn failed, until the next prompt or a turn that ends well. */
  readonly turn_error?: { readonly error: FailureWord; readonly detail: string; readonly at: string };
  readonly ended?: { readonly at: string; readonly reason: string };
}

export interface ToolInFlight {
  readonly tool: string;
  readonly tool_use_id?: string;
  readonly since: string;
}

export interface BackgroundWork {
  /** `shell`, `subagent`, or another word. */
  readonly type: string;
  readonly description?: string;
}

/** One of the session itself, or of a subagent: those go on when the session's turn has ended. */
export interface WaitingForPerson {
  readonly since: string;
  readonly what: "permission" | "answer";
  readonly subagent?: string;
  /** Absent where the CLI has said no more than that it waits. */
  readonly tool?: string;
  readonly tool_use_id?: string;
  readonly detail: string;
}

export interface ToolFailure {
  readonly tool: string;
  readonly detail: string;
  readonly count: number;
  readonly at: string;
}

type Change = (session: SessionEvidence, event: AgentEvent, at: string) => SessionEvidence;

/** An event of a kind that is not here changes nothing. */
const changes = new Map<string, Change>(
  Object.entries({
    session_start: (session) => session,
    prompt: (session, _, at) => ({
      ...settled(session),
      turn: { since: at },
      last_prompt_at: at,
    }),
    tool_start: (session, event, at) => {
      const tool = { ...toolOf(event), since: at };
      // A subagent in the background is at work when the session's own turn has ended.
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
        failure: { ...failure, count: isSame ? last.count + 1 : 1, at },
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
    usage: (session) => session,
    // A turn that had ended keeps its own time: by that, a session that was cut off is told from one that was idle.
    session_end: (session, event, at) => ({
      ...withoutWaits(isTurnOpen(session) ? endTurn(session, at) : { ...session, tools: [] }, () => true),
      ended: { at, reason: summaryOf(event.detail ?? "") },
    }),
  } satisfies Record<SessionEventKind, Change>),
);

/** The session after an event; the same object when the event changes nothing. */
export function reduceSession(
  known: SessionEvidence | undefined,
  event: AgentEvent,
  at: string,
  isOfLiveRun = false,
): SessionEvidence | undefined {
  const change = changes.get(event.kind);
  const { instance_id, session_id, generation, seq } = event;
  const isNumbered = generation !== undefined && seq !== undefined;
  // Figures without a number are the agent's own report, which says nothing of a session.
  if (
    change === undefined ||
    isLateEvent(known, event, isOfLiveRun) ||
    (event.kind === "usage" && !isNumbered)
  )
    return known;
  const before = known !== undefined && !beginsAnew(known, event) ? known : undefined;
  const numbers = isNumbered ? { generation, seq } : {};
  if (before?.ended !== undefined) return isNumbered ? { ...before, ...numbers } : before;
  const session: SessionEvidence = {
    ...(before ?? { started_at: at, tools: [] }),
    ...(instance_id === undefined ? {} : { instance_id }),
    ...(session_id === undefined ? {} : { session_id }),
    ...numbers,
    ...(before === undefined ? afterGeneration(known, generation) : {}),
    last_event_at: at,
  };
  return change(session, event, at);
}

/** Of a session that takes the place of one with a higher number. */
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
 * Whether the event is one of an older session, or not above the last one of the same. Without numbers nobody can tell:
 * such an event counts in the order in which it comes, but not for a session that has them.
 * @param isOfLiveRun whether the run of the event is the one that sends heartbeats, and the known session's is not: a generation
 * is a time, and the clock may have been set back between two runs.
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

export function isTurnOpen({ turn }: SessionEvidence): boolean {
  return turn !== undefined && turn.ended_at === undefined;
}

/** A CLI may end one session and begin another within a run; it also says "start" of one that goes on, compacted. */
function beginsAnew(known: SessionEvidence, { kind, generation, seq, session_id }: AgentEvent): boolean {
  const isNumbered = generation !== undefined && seq !== undefined;
  if (isNumbered && generation !== known.generation) return true;
  if (known.ended !== undefined) return kind === "session_start" || kind === "prompt";
  if (kind !== "session_start") return false;
  return !isNumbered || (session_id ?? known.session_id) !== (known.session_id ?? session_id);
}

/** Nothing of the session itself waits any more, and what failed is over. */
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

function withWait(
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
  // What it is about is known by now; and the same call asks once.
  const rest = withoutWaits(
    session,
    (other) => isUnnamed(other) || (wait.tool_use_id !== undefined && other.tool_use_id === wait.tool_use_id),
  );
  return { ...rest, waits: [...(rest.waits ?? []), wait].slice(-waitsKept) };
}

function withoutWaits(
  session: SessionEvidence,
  isOver: (wait: WaitingForPerson) => boolean,
): SessionEvidence {
  const { waits, ...rest } = session;
  const left = waits?.filter((wait) => !isOver(wait)) ?? [];
  if (left.length === waits?.length) return session;
  return left.length === 0 ? rest : { ...rest, waits: left };
}

const isOfSession = ({ subagent }: WaitingForPerson) => subagent === undefined;
const isUnnamed = ({ tool }: WaitingForPerson) => tool === undefined;

function withError(session: SessionEvidence, { error, detail }: AgentEvent, at: string): SessionEvidence {
  if (error === undefined) return session;
  const word = failureWords.find((known) => known === error) ?? "other";
  return { ...session, turn_error: { error: word, detail: summaryOf(detail ?? ""), at } };
}

const notifications: ReadonlyMap<string, (typeof notificationMeanings)[NotificationWord]> = new Map(
  Object.entries(notificationMeanings),
);

function reduceNotification(session: SessionEvidence, event: AgentEvent, at: string): SessionEvidence {
  const detail = event.detail ?? "";
  const [, word = "", words = ""] = /^(\w*)(?:: )?(.*)$/s.exec(detail) ?? [];
  const what = notifications.get(word);
  if (what === undefined) return session;
  // A turn that was broken off ends without a word: this is the first sign of it.
  if (what === "idle") return isTurnOpen(session) ? endTurn(session, at) : session;
  if (what === "answered") {
    const isAnswered =
      event.tool === undefined ? (wait: WaitingForPerson) => isUnnamed(wait) : isWaitOf(session, event);
    return withoutWaits(session, isAnswered);
  }
  if (session.waits !== undefined) return session;
  return { ...session, waits: [{ since: at, what, detail: summaryOf(words) }] };
}

/** Whether a wait is the one that the event's tool call had: by the call, else the first of its tool and agent. */
function isWaitOf(session: SessionEvidence, event: AgentEvent): (wait: WaitingForPerson) => boolean {
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

function toolOf({ tool = "a tool", tool_use_id }: AgentEvent): { tool: string; tool_use_id?: string } {
  const name = summaryOf(tool);
  return tool_use_id === undefined
    ? { tool: name }
    : { tool: name, tool_use_id: tool_use_id.slice(0, idLength) };
}

/** Takes the tool out of those in flight, and with it what was asked for it. */
function withoutTool(session: SessionEvidence, event: AgentEvent): SessionEvidence {
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
