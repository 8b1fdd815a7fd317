// This room holds the steps of reduceAgent: what one kind of event changes in an agent's record.
//
// Reduces a heartbeat of the agent's own run, or of another run beside it. Pure.
import { definedOf } from "../../defined.ts";
import { summaryOf } from "../../text/summary.ts";
import type { Heartbeat } from "../../wire/messages.ts";
import type { ModelRequest } from "../../wire/model-request.ts";
import type { AgentRecord, HeartbeatEvidence, LaunchTask, ModelRequestEvidence } from "../agent-record.ts";
import { isGoodbye } from "../axis/link.ts";
import { sessionBeforeRun } from "../evidence-that-counts.ts";
import { ordersAfterHeartbeat } from "../run-end.ts";
import { isRunConnected, isRunOver, otherRunOf, withOtherRun, withoutSilentRuns, withRun } from "../runs.ts";
import { mostTags } from "../shown/tags.ts";
import { lastSeen, said, seen, task } from "./words.ts";

/** The heartbeat interval of an agent that does not send its own. */
const defaultHeartbeatIntervalS = 15;

export function reduceHeartbeat(known: AgentRecord, message: Heartbeat, at: string): AgentRecord {
  const run = known.heartbeat?.instance_id;
  const isConnected = run !== undefined && message.instance_id !== run && isRunConnected(known, at);
  // A heartbeat that names no run belongs to the run that is connected.
  const instance_id = message.instance_id ?? (isConnected ? run : undefined);
  const seq = message.instance_id === instance_id ? message.seq : undefined;
  const isOther = instance_id !== undefined && run !== undefined && instance_id !== run;
  // If the run's nats-server has ended, the run has to connect again. If it does not, the next run takes its place.
  const isLost = known.connection?.is_lost === true;
  const isBeside =
    isOther &&
    (isConnected || (otherRunOf(known, instance_id) !== undefined && !isLost && !isRunOver(known, at)));
  if (isBeside) return seen(withOtherHeartbeat(known, message, instance_id, at), at);
  return reduceOwnHeartbeat(
    isOther ? withRun(known, instance_id, at) : withoutSilentRuns(known, at),
    message,
    {
      instance_id,
      seq,
      at,
    },
  );
}

function reduceOwnHeartbeat(
  record: AgentRecord,
  message: Heartbeat,
  {
    instance_id,
    seq,
    at,
  }: { readonly instance_id: string | undefined; readonly seq: number | undefined; readonly at: string },
): AgentRecord {
  const last = record.heartbeat;
  const sameRun = last !== undefined && last.instance_id === instance_id;
  if (sameRun && seq !== undefined && last.seq !== undefined && seq <= last.seq) return record;
  const newRun = !sameRun || (record.said !== undefined && isGoodbye(record.said.status));
  return {
    ...withoutLost(record),
    last_seen: lastSeen(record, at),
    ...definedOf({
      config_name: message.config_name,
      project_path: message.project_path,
      cli: message.cli,
      cli_version: message.cli_version,
      host: message.host,
      pid: message.pid,
      session_id: message.session_id,
      role: message.role,
      profile_tags: message.tags?.slice(0, mostTags),
    }),
    ...task(record, message.current_task, "heartbeat", at),
    ...definedOf({ session: sameRun ? record.session : sessionBeforeRun(record.session, instance_id, at) }),
    ...(newRun || record.run_started_at === undefined ? { run_started_at: at } : {}),
    ...definedOf({ launch_task: launchTaskOf(record, message, sameRun, at) }),
    heartbeat: {
      ...beatOf(message, instance_id, seq ?? (sameRun ? last.seq : undefined), at),
      ...(isPlacedBy(message) || (sameRun && last.is_placed === true) ? { is_placed: true } : {}),
    },
    ...said(record.said, message.status, undefined, "heartbeat", instance_id, at),
    commands: ordersAfterHeartbeat(record, instance_id, message.session_id, at),
  };
}

/**
 * The record without its launch task, which the heartbeat tells anew, and without a lost connection, because a run that sends a heartbeat has
 * connected again. Copies it only if it has one of them.
 */
function withoutLost(record: AgentRecord): AgentRecord {
  const isLost = record.connection?.is_lost === true;
  if (record.launch_task === undefined && !isLost) return record;
  const { launch_task: _, connection, ...rest } = record;
  return isLost || connection === undefined ? rest : { ...rest, connection };
}

function isPlacedBy({ config_name, project_path, host }: Heartbeat): boolean {
  return config_name !== undefined && project_path !== undefined && host !== undefined;
}

function launchTaskOf(
  { launch_task: before, session_id }: AgentRecord,
  message: Heartbeat,
  sameRun: boolean,
  at: string,
): LaunchTask | undefined {
  const { launch_task: text } = message;
  if (sameRun && before !== undefined) return before;
  if (text) return { text: summaryOf(text), at };
  return session_id !== undefined && message.session_id === session_id ? before : undefined;
}

function beatOf(
  message: Heartbeat,
  instance_id: string | undefined,
  seq: number | undefined,
  at: string,
): HeartbeatEvidence {
  return {
    at,
    interval_s: message.interval_s ?? defaultHeartbeatIntervalS,
    ...definedOf({
      instance_id,
      seq,
      agent_cli: message.agent_cli,
      agent_cli_version: message.agent_cli_version,
      session_mode: message.session_mode,
      unheld: message.unheld || undefined,
      waits_because: message.waits_because || undefined,
      waits_at_terminal: message.waits_at_terminal || undefined,
      terminal_closed: message.terminal_closed || undefined,
      worktree_branch: message.worktree_branch || undefined,
      account: message.account || undefined,
      on_limit: message.on_limit,
      priority: message.priority,
      watchdog: message.watchdog,
      has_launch_task: message.has_launch_task || undefined,
      model_request: message.model_request && modelRequestOf(message.model_request, message.timestamp, at),
    }),
  };
}

const whyLength = 200;
const serverLength = 200;
const modelLength = 200;

/** @param sentAt the time of the heartbeat by the clock of `request.since` */
function modelRequestOf(
  { server, model, state, since, why, ...request }: ModelRequest,
  sentAt: string | undefined,
  at: string,
): ModelRequestEvidence {
  const forMs =
    since === undefined || sentAt === undefined ? 0 : Math.max(0, Date.parse(sentAt) - Date.parse(since));
  const { slots, place, waiting, running, queued, prompt_read, prompt_tokens, tokens_per_s, cached_share } =
    request;
  return {
    ...{ server: server.slice(0, serverLength), state },
    ...definedOf({ model: model?.slice(0, modelLength), slots, place, waiting, running, queued }),
    ...definedOf({ prompt_read, prompt_tokens, tokens_per_s, cached_share, why: why?.slice(0, whyLength) }),
    ...(state !== "idle" && { since: new Date(Math.max(0, Date.parse(at) - forMs)).toISOString() }),
  };
}

function withOtherHeartbeat(
  record: AgentRecord,
  message: Heartbeat,
  instance_id: string,
  at: string,
): AgentRecord {
  const run = otherRunOf(record, instance_id);
  const isLate = message.seq !== undefined && message.seq <= (run?.heartbeat?.seq ?? 0);
  if (isLate) return record;
  const next = withOtherRun(
    record,
    {
      ...run,
      instance_id,
      run_started_at: run?.run_started_at ?? at,
      heartbeat: beatOf(message, instance_id, message.seq, at),
      ...said(run?.said, message.status, undefined, "heartbeat", instance_id, at),
    },
    at,
  );
  return { ...next, commands: ordersAfterHeartbeat(next, instance_id, message.session_id, at) };
}
