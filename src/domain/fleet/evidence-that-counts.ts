// Decides which of an agent's evidence counts. Reports of an earlier run do not, nor does a reported status that later
// events contradict.
import type { AgentRecord, SaidStatus } from "./agent-record.ts";
import { isTurnOpen, type SessionEvidence } from "./session-evidence.ts";

/**
 * If the agent reports a status this much later than the last session event, its events are not arriving, and the report is
 * trusted.
 */
const eventsComeWithinMs = 60_000;

/** Whether the goodbye came from a run of the agent before the one that now sends heartbeats. */
export function isOlderInstance({ heartbeat, said }: AgentRecord): boolean {
  return said !== undefined && isBeforeRun(heartbeat, said.instance_id, said.at);
}

/**
 * The run that was heard of last. It may be later than the run of the last known heartbeat: AUDIT stores a run's reports, but no stream stores
 * heartbeats. So a serve that did not run at that time knows the later run by its goodbye alone.
 */
export function lastRunOf(record: AgentRecord): string | undefined {
  const { heartbeat, said } = record;
  return isOlderInstance(record) ? heartbeat?.instance_id : (said?.instance_id ?? heartbeat?.instance_id);
}

/**
 * Returns the session for a record whose heartbeat is of another run. Its last event must be before that heartbeat (`at`). If it is not, because
 * the clock was set back between the two runs, moves the event to just before `at`.
 */
export function sessionBeforeRun(
  session: SessionEvidence | undefined,
  instanceId: string | undefined,
  at: string,
): SessionEvidence | undefined {
  const isOfOther = session?.instance_id !== undefined && session.instance_id !== instanceId;
  if (session === undefined || instanceId === undefined || !isOfOther || session.last_event_at < at) {
    return session;
  }
  return { ...session, last_event_at: new Date(Date.parse(at) - 1).toISOString() };
}

/** The session whose events decide what the agent does; undefined if the status that the agent reported decides. */
export function decidingSession({ session, said, heartbeat }: AgentRecord): SessionEvidence | undefined {
  if (session === undefined || isBeforeRun(heartbeat, session.instance_id, session.last_event_at)) {
    return undefined;
  }
  // If the events have no numbers, some of them may be missing.
  const isNumbered = session.generation !== undefined;
  if (!isNumbered) return said === undefined || said.status === "connected" ? session : undefined;
  if (said?.reported_at === undefined) return session;
  const laterMs = Date.parse(said.reported_at) - Date.parse(session.last_event_at);
  return laterMs > eventsComeWithinMs ? undefined : session;
}

/** The reported statuses that say more than the session's events do: what the agent waits for, or how it has failed. */
const refiningWords: readonly string[] = ["blocked", "waiting", "error", "paused"];

/** The status that the agent reported, if it still counts. If there are session events, only a report of the present or last turn counts. */
export function countingWord(record: AgentRecord): SaidStatus | undefined {
  const { said } = record;
  const session = decidingSession(record);
  if (said === undefined || session === undefined) return said;
  const tellsItsEnd = said.status === "idle" && said.message !== undefined && !isTurnOpen(session);
  if (!tellsItsEnd && !refiningWords.includes(said.status)) return undefined;
  const saidAt = said.reported_at ?? said.since;
  return saidAt >= (session.turn?.since ?? session.started_at) ? said : undefined;
}

function isBeforeRun(run: AgentRecord["heartbeat"], instanceId: string | undefined, at: string): boolean {
  return (
    run?.instance_id !== undefined &&
    instanceId !== undefined &&
    run.instance_id !== instanceId &&
    run.at > at
  );
}
