// Keeps several runs of one agent apart, because `claude mcp list` starts every MCP server once more beside the run that works. When a run
// ends, only that run ends. Pure.
import { definedOf } from "../defined.ts";
import type { AgentRecord, ConnectionEvidence, HeartbeatEvidence, OtherRun } from "./agent-record.ts";
import { isGone, isGoodbye, silentAfterMs } from "./axis/link.ts";
import { isOlderInstance } from "./evidence-that-counts.ts";

/** More runs than this mean that something starts runs over and over; the oldest are forgotten. */
const otherRunsKept = 8;

/** Whether the record's run has ended, or has been silent for so long that another one may replace it. */
export function isRunOver(record: AgentRecord, at: string): boolean {
  const { heartbeat, connection, said } = record;
  if (said !== undefined && isGoodbye(said.status) && !isOlderInstance(record)) return true;
  return heartbeat === undefined || !isHeard({ heartbeat, connection }, at);
}

/** Whether nats-server reports that the record's run is connected. A new run does not replace such a run. */
export function isRunConnected(record: AgentRecord, at: string): boolean {
  const { connection, heartbeat } = record;
  return isOpen(connection) && connection?.instance_id === heartbeat?.instance_id && !isRunOver(record, at);
}

/**
 * Whether a run that lived at `since` is known to have ended: it said goodbye, or a run that began later has taken its place. Until a
 * replaced run is known to be silent, it may still work.
 */
export function hasRunEnded(record: AgentRecord, run: string, since: string): boolean {
  const { heartbeat, said, run_started_at = "" } = record;
  if (said?.instance_id === run && isGoodbye(said.status)) return true;
  if (heartbeat?.instance_id === undefined || heartbeat.instance_id === run) return false;
  return run_started_at > since && otherRunOf(record, run) === undefined;
}

/** Whether this run of the agent may still be working, as far as is known. */
export function mayRunLive(record: AgentRecord | undefined, run: string): boolean {
  const own = record?.heartbeat?.instance_id;
  if (record === undefined || own === undefined) return true;
  // A run that has said goodbye does nothing more.
  if (own === run) return !(record.said?.instance_id === own && isGoodbye(record.said.status));
  const other = otherRunOf(record, run);
  return other !== undefined && isKnownToLive(other, record.run_started_at ?? "");
}

export function otherRunOf({ other_runs = [] }: AgentRecord, instanceId: string): OtherRun | undefined {
  return other_runs.find(({ instance_id }) => instance_id === instanceId);
}

/** Adds another run to the record, or replaces what the record has about that run. */
export function withOtherRun(record: AgentRecord, run: OtherRun, at: string): AgentRecord {
  const others = otherRunsWithout(record, run.instance_id).filter((each) => mayLive(each, at));
  return withOtherRuns(record, [...others, run].slice(-otherRunsKept));
}

export function withoutOtherRun(record: AgentRecord, instanceId: string): AgentRecord {
  if (otherRunOf(record, instanceId) === undefined) return record;
  return withOtherRuns(record, otherRunsWithout(record, instanceId));
}

/** Forgets the other runs that have fallen silent; their orders then go to another run. */
export function withoutSilentRuns(record: AgentRecord, at: string): AgentRecord {
  const { other_runs } = record;
  if (other_runs === undefined || other_runs.every((run) => mayLive(run, at))) return record;
  return withOtherRuns(
    record,
    other_runs.filter((run) => mayLive(run, at)),
  );
}

/**
 * Makes this run the record's own; it may be a new one. The run before is kept as another run unless it is over, because it may still work.
 */
export function withRun(record: AgentRecord, instanceId: string, at: string): AgentRecord {
  const next = otherRunOf(record, instanceId);
  const isOver = isRunOver(record, at);
  const { heartbeat, connection, said, run_started_at, ...rest } = withoutOtherRun(record, instanceId);
  // A new run takes over the last reported status, because its heartbeats may come without one.
  const word = next?.said ?? (next?.heartbeat === undefined ? said : undefined);
  const taken: AgentRecord = {
    ...rest,
    ...definedOf({
      heartbeat: next?.heartbeat,
      run_started_at: next?.run_started_at,
      connection: next?.connection,
      said: word,
    }),
  };
  if (isOver || heartbeat?.instance_id === undefined) return taken;
  const { instance_id } = heartbeat;
  // The record's profile, project and machine become those of the run that takes its place.
  const { is_placed: _, ...beat } = heartbeat;
  const left: OtherRun = { instance_id, heartbeat: beat, ...definedOf({ connection, said, run_started_at }) };
  return withOtherRun(taken, left, at);
}

/** If the record's run is over and another run still lives, makes that one the record's own. */
export function afterRunEnded(record: AgentRecord, at: string): AgentRecord {
  if (record.other_runs === undefined || !isRunOver(record, at)) return record;
  const { run_started_at = "", said } = record;
  // After a stop, take only a run that is known to live: without reports from nats-server, a replaced run has usually ended before.
  const isStopped = said?.status === "stopped" || said?.status === "failed_to_start";
  const next = record.other_runs.findLast(
    (run) =>
      run.heartbeat !== undefined && isHeard(run, at) && (!isStopped || isKnownToLive(run, run_started_at)),
  );
  return next === undefined ? record : withRun(record, next.instance_id, at);
}

/** Whether the other run is known to live: it is connected, or has sent a heartbeat after the agent's own run began. */
export function isKnownToLive({ heartbeat, connection }: OtherRun, runStartedAt: string): boolean {
  return isOpen(connection) || (heartbeat !== undefined && heartbeat.at > runStartedAt);
}

/** The record after a connection of another run has come or gone. */
export function withOtherConnection(record: AgentRecord, connection: ConnectionEvidence): AgentRecord {
  const { instance_id, at } = connection;
  const run = otherRunOf(record, instance_id);
  if (isLateConnection(run?.connection, connection)) return record;
  if (!connection.isUp) return withoutOtherRun(record, instance_id);
  return withOtherRun(record, { ...run, instance_id, connection }, at);
}

/**
 * Marks the connections that an earlier nats-server has reported as open. That nats-server has ended, and so have its connections; an agent that
 * lives connects again. Returns the same record if there is no such connection.
 * @param server the id of the nats-server that runs now
 */
export function withLostConnections(record: AgentRecord, server: string): AgentRecord {
  const isLost = (connection: ConnectionEvidence | undefined) =>
    isOpen(connection) && connection?.client.startsWith(`${server} `) === false;
  const marked = <Has extends { readonly connection?: ConnectionEvidence }>(run: Has): Has =>
    run.connection === undefined || !isLost(run.connection)
      ? run
      : { ...run, connection: { ...run.connection, is_lost: true } };
  const { other_runs } = record;
  const own = marked(record);
  return other_runs?.some((run) => isLost(run.connection)) === true
    ? { ...own, other_runs: other_runs.map(marked) }
    : own;
}

function isOpen(connection: ConnectionEvidence | undefined): boolean {
  return connection?.isUp === true && connection.is_lost !== true;
}

/** Whether news of a connection is late: it is about an older connection, or about one that is known to have ended. */
export function isLateConnection(known: ConnectionEvidence | undefined, next: ConnectionEvidence): boolean {
  if (known === undefined) return false;
  const isOlder = Date.parse(next.started_at) < Date.parse(known.started_at);
  return isOlder || (known.client === next.client && !known.isUp);
}

interface Heard {
  readonly heartbeat?: HeartbeatEvidence | undefined;
  readonly connection?: ConnectionEvidence | undefined;
}

function isHeard({ heartbeat, connection }: Heard, at: string): boolean {
  if (heartbeat === undefined) return false;
  if (connection !== undefined && isGone(connection, heartbeat)) return false;
  return Date.parse(at) - Date.parse(heartbeat.at) <= silentAfterMs(heartbeat);
}

/** Whether the run may live. One without a heartbeat counts if it is connected, because it may have connected just now. */
function mayLive(run: OtherRun, at: string): boolean {
  return run.heartbeat === undefined ? isOpen(run.connection) : isHeard(run, at);
}

function otherRunsWithout({ other_runs = [] }: AgentRecord, instanceId: string): readonly OtherRun[] {
  return other_runs.filter(({ instance_id }) => instance_id !== instanceId);
}

function withOtherRuns({ other_runs: _, ...record }: AgentRecord, runs: readonly OtherRun[]): AgentRecord {
  return runs.length === 0 ? record : { ...record, other_runs: runs };
}
