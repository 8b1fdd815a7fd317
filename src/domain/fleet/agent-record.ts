// What the bucket `agents` stores about an agent: evidence only. `agent-view.ts` and `status.ts` derive from it what is shown.
import type { Hold } from "../holding/hold.ts";
import type { OnLimit } from "../limits/on-limit.ts";
import { type CommandRecord, isTaken } from "../receipts.ts";
import type { OpenRequest } from "../requests.ts";
import type { KnownUsage } from "../usage.ts";
import type { Watchdog } from "../watchdog/watchdog-keys.ts";
import type { AgentId } from "../wire/agent-id.ts";
import type { ModelRequest } from "../wire/model-request.ts";
import type { SessionEvidence } from "./session-evidence.ts";

/** The last status that the agent, its host or its bridge reported, and how. */
export interface SaidStatus {
  readonly status: string;
  readonly message?: string;
  /** `at`: when it was last reported. `since`: when it was first reported without another status in between. */
  readonly at: string;
  readonly since: string;
  /** When the agent itself last reported it; heartbeats only repeat it. */
  readonly reported_at?: string;
  readonly source: "heartbeat" | "status";
  readonly instance_id?: string;
  /** Set if the run's host has ended without a goodbye, and the serve on its machine has reported that. */
  readonly ended_with?: "host";
}

export interface HeartbeatEvidence {
  readonly at: string;
  readonly interval_s: number;
  readonly instance_id?: string;
  readonly seq?: number;
  /** Set if this run has itself reported its profile, its project and its machine, so that those of the record are its own. */
  readonly is_placed?: true;
  /** The agent CLI that cliai has launched for this run, its release, and how; absent without a host. */
  readonly agent_cli?: string;
  readonly agent_cli_version?: string;
  readonly session_mode?: string;
  /** Why the host cannot hold the agent's tool calls; absent if it can, or if that is not known. */
  readonly unheld?: string;
  /** What the CLI may be waiting for at its own terminal, if it has not begun in time; absent once it has begun. */
  readonly waits_at_terminal?: string;
  /** Set if the CLI's terminal was closed while it runs on: nobody can answer what it asks there. */
  readonly terminal_closed?: true;
  /** The branch of the git worktree that was made for the agent, in which it works; absent without one. */
  readonly worktree_branch?: string;
  /** Which account's limits it shares, what it does at one, and its place among those who go on after it; absent if it does not say so. */
  readonly account?: string;
  readonly on_limit?: OnLimit;
  readonly priority?: number;
  /** What the watchdog of its profile looks for; absent if it has none. */
  readonly watchdog?: Watchdog;
  /** Set if the agent was launched with a task that it has not begun yet. */
  readonly has_launch_task?: true;
  /** Why the items in the agent's inbox are not handed to its CLI now; absent if there is no reason. */
  readonly waits_because?: string;
  /** What becomes of the agent's request to its model server; absent if it works on none that its host knows. */
  readonly model_request?: ModelRequestEvidence;
}

/** Its fields, without those that this version does not know. */
type KnownModelRequest = Pick<
  ModelRequest,
  | ("server" | "model" | "slots" | "state" | "place" | "waiting" | "running" | "queued")
  | ("prompt_read" | "prompt_tokens" | "why" | "tokens_per_s" | "cached_share")
>;

export interface ModelRequestEvidence extends KnownModelRequest {
  /** By the server's clock; absent with `idle`. */
  readonly since?: string;
}

/** What nats-server last reported about the connection of the agent's host or bridge. Never there without nats-server's system account. */
export interface ConnectionEvidence {
  readonly isUp: boolean;
  readonly at: string;
  /**
   * Which connection (the id of nats-server, a space, its number there), and when it began by nats-server's clock. Needed because the end of an
   * older connection says nothing about a newer one.
   */
  readonly client: string;
  readonly started_at: string;
  readonly instance_id: string;
  readonly reason?: string;
  /** Set if the nats-server of this connection has ended since: the connection is not open any more, although nobody has reported its end. */
  readonly is_lost?: true;
}

/** A second run that speaks for the agent, beside the agent's own run. */
export interface OtherRun {
  readonly instance_id: string;
  readonly run_started_at?: string;
  readonly heartbeat?: HeartbeatEvidence;
  readonly connection?: ConnectionEvidence;
  readonly said?: SaidStatus;
}

export interface Progress {
  readonly note: string;
  readonly percent?: number;
  readonly at: string;
}

/** The beginning of the task that the agent's session was launched with, and when. */
export interface LaunchTask {
  readonly text: string;
  readonly at: string;
}

/** What the agent said last. Only the beginning, because `dashboard.state` has all records in one message. */
export interface LastWords {
  readonly text: string;
  readonly at: string;
}

/** What people have changed about an agent's tags: one that was taken away stays away, even if the profile has it. */
export interface TagChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** All times are RFC 3339 by the server's clock, because the agents' clocks may differ. */
export interface AgentRecord {
  readonly agent_id: AgentId;
  readonly config_name?: string;
  readonly project_path?: string;
  readonly cli?: string;
  readonly cli_version?: string;
  readonly host?: string;
  readonly pid?: number;
  readonly session_id?: string;
  /** The role in the heartbeats; read it with `readRole`. */
  readonly role?: string;
  /** The tags of its profile, from its heartbeats. */
  readonly profile_tags?: readonly string[];
  readonly tag_changes?: TagChanges;
  readonly current_task?: string;
  /** When the agent last reported `current_task`. */
  readonly task_at?: string;
  readonly first_seen: string;
  /** When the run that sends the present heartbeats was first heard. */
  readonly run_started_at?: string;
  /** Kept when the session is resumed, because its new run was launched with no task. */
  readonly launch_task?: LaunchTask;
  /** The time of the last sign of life; absent for an agent that never connected. */
  readonly last_seen?: string;
  readonly heartbeat?: HeartbeatEvidence;
  readonly connection?: ConnectionEvidence;
  readonly said?: SaidStatus;
  /** Other runs that speak for the agent at the same time, the newest last; absent if there is none. */
  readonly other_runs?: readonly OtherRun[];
  readonly session?: SessionEvidence;
  readonly progress?: Progress;
  readonly last_words?: LastWords;
  readonly usage?: KnownUsage;
  /** The agent's requests that wait for a person or a captain, oldest first; absent if there is none. */
  readonly requests?: readonly OpenRequest[];
  /** What holds the agent back, oldest first; absent if nothing does. */
  readonly holds?: readonly Hold[];
  /** The orders, oldest first: all that wait, the last 1,000 that were taken and are not over, and the last 20 that are settled. */
  readonly commands: readonly CommandRecord[];
  /** The last sequence of the stream AUDIT that this record includes. An earlier message changes nothing. */
  readonly audit_seq: number;
  /** The same for stream COMMANDS. */
  readonly commands_seq: number;
}

/** The orders in the agent's inbox, oldest first: all except stops and orders that are taken (`isTaken`). */
export function inboxOf(record: Pick<AgentRecord, "commands">): CommandRecord[] {
  return record.commands.filter(
    (command) =>
      command.stream_seq > 0 && command.type !== "stop" && command.type !== "shutdown" && !isTaken(command),
  );
}
