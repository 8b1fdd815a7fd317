// What is stored of an agent in the bucket `agents`: evidence only. What is shown of it is derived from that: agent-view.ts
// and status.ts.
import { type CommandRecord, isTaken } from "../receipts.ts";
import type { OpenRequest } from "../requests.ts";
import type { AgentId } from "../wire/agent-id.ts";
import type { Usage } from "../wire/event-messages.ts";
import type { SessionEvidence } from "./session-evidence.ts";

/** The status that the agent reported, and how. */
export interface SaidStatus {
  readonly status: string;
  readonly message?: string;
  /** When it was last reported, and when it was first reported without another status in between. */
  readonly at: string;
  readonly since: string;
  /** When the agent itself last reported it; heartbeats only repeat it. */
  readonly reported_at?: string;
  readonly source: "heartbeat" | "status";
  readonly instance_id?: string;
}

export interface HeartbeatEvidence {
  readonly at: string;
  readonly interval_s: number;
  readonly instance_id?: string;
  readonly seq?: number;
  /** Why nothing can hold the agent's tools; absent if something can, or if unknown. */
  readonly unheld?: string;
  /** What its CLI may wait for at its own terminal, where it has not begun; absent once it has. */
  readonly waits_at_terminal?: string;
  /** It was launched with a task, and has not begun with it yet. */
  readonly has_launch_task?: true;
  /** Why what waits in its inbox is not handed to its CLI now; absent where nothing is in the way. */
  readonly waits_because?: string;
}

/** The last that nats-server said of the connection of the agent's bridge; absent without its system account. */
export interface ConnectionEvidence {
  readonly isUp: boolean;
  readonly at: string;
  /** Which connection, and when it began by nats-server's clock: an older one's end says nothing of a newer one. */
  readonly client: string;
  readonly started_at: string;
  readonly instance_id: string;
  readonly reason?: string;
}

/** Another run that speaks for the agent, beside the agent's own run. */
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

/** All times are RFC 3339 by the server's clock: the agents' clocks may differ. */
export interface AgentRecord {
  readonly agent_id: AgentId;
  readonly config_name?: string;
  readonly project_path?: string;
  readonly cli?: string;
  readonly cli_version?: string;
  readonly host?: string;
  readonly pid?: number;
  readonly session_id?: string;
  /** The role in its heartbeats; read it by `readRole`. */
  readonly role?: string;
  readonly current_task?: string;
  readonly first_seen: string;
  /** When the run of the agent that sends the present heartbeats was first heard of. */
  readonly run_started_at?: string;
  /** The last sign of life; absent for an agent that was announced and never connected. */
  readonly last_seen?: string;
  readonly heartbeat?: HeartbeatEvidence;
  readonly connection?: ConnectionEvidence;
  readonly said?: SaidStatus;
  /** Runs that speak for it at the same time, the last heard of last; absent when there is none. */
  readonly other_runs?: readonly OtherRun[];
  readonly session?: SessionEvidence;
  readonly progress?: Progress;
  readonly usage?: Usage & { readonly at: string };
  /** Its requests that wait for a person or a captain, oldest first; absent when there is none. */
  readonly requests?: readonly OpenRequest[];
  /** Oldest first: all orders that wait, the last 1,000 that were taken and have no end, and the last 20 that are settled. */
  readonly commands: readonly CommandRecord[];
  /** The last message of stream AUDIT that this record has taken in; replaying an earlier one changes nothing. */
  readonly audit_seq: number;
  /** The same for stream COMMANDS. */
  readonly commands_seq: number;
}

/** The orders that wait for `check_inbox`, oldest first: neither settled, nor handed to a CLI that still lives. */
export function inboxOf(record: Pick<AgentRecord, "commands">): CommandRecord[] {
  return record.commands.filter(
    (command) =>
      command.stream_seq > 0 && command.type !== "stop" && command.type !== "shutdown" && !isTaken(command),
  );
}
