// Sends the agent's heartbeat: what is known about the agent and what it reported last, never an assumption.
import type { SessionMode } from "../domain/abilities.ts";
import type { OnLimit } from "../domain/limits/on-limit.ts";
import { messageOf } from "../domain/text/errors.ts";
import type { Watchdog } from "../domain/watchdog/watchdog-keys.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import type { Heartbeat } from "../domain/wire/messages.ts";
import type { ModelRequest } from "../domain/wire/model-request.ts";
import type { Role } from "../domain/wire/roles.ts";
import { agentSubject } from "../domain/wire/subjects.ts";
import type { Logger } from "../log.ts";
import type { Link } from "./link.ts";

/** The fields that do not change during a run. */
export interface AgentFacts {
  readonly config_name: string;
  readonly project_path: string;
  readonly host: string;
  /** Undefined for an agent over HTTP, whose process nobody knows. */
  readonly pid?: number | undefined;
  readonly session_id?: string | undefined;
  readonly role?: Role | undefined;
  /** The tags of its profile. */
  readonly tags?: readonly string[] | undefined;
  /** The agent CLI that cliai has launched, its release if it is known, and whether it has a terminal; absent without a host. */
  readonly agent_cli?: string | undefined;
  readonly agent_cli_version?: string | undefined;
  readonly session_mode?: SessionMode | undefined;
  /** The beginning of the task that the agent was launched with. */
  readonly launch_task?: string | undefined;
  /** The branch of the agent's git worktree. */
  readonly worktree_branch?: string | undefined;
  /** A name for the account with which its CLI asks its model, if that is known. It tells nothing of the account. */
  readonly account?: string | undefined;
  /** What it does at a usage limit, and its priority, as its profile says. */
  readonly on_limit?: OnLimit | undefined;
  readonly priority?: number | undefined;
  /** What the watchdog of its profile looks for. */
  readonly watchdog?: Watchdog | undefined;
}

/** The fields that may change. */
export interface Presence {
  readonly status: string;
  readonly current_task: string;
  readonly cli?: string;
  readonly cli_version?: string;
  readonly session_id?: string;
  /** Why the host cannot hold the agent's tool calls; "" if it can. */
  readonly unheld?: string;
  /** Why the items in the agent's inbox are not handed to its CLI now; "" if there is no reason. */
  readonly waits_because?: string;
  /** Whether the agent was launched with a task that it has not begun yet. */
  readonly has_launch_task?: boolean;
  /** What the CLI may be asking at its terminal, if it has not begun in time; "" once it has begun. */
  readonly waits_at_terminal?: string;
  /** Whether the terminal on which its CLI runs was closed, so that nobody sees it. */
  readonly terminal_closed?: boolean;
  /** The state of the agent's request to its model server; absent if the host knows of no request. */
  readonly model_request?: ModelRequest;
}

export interface HeartbeatOptions {
  readonly id: AgentId;
  readonly instanceId: string;
  readonly facts: AgentFacts;
  readonly intervalS: number;
  readonly link: Link;
  readonly now: () => Date;
  readonly log: Logger;
}

export interface HeartbeatSender {
  presence(): Presence;
  /** Notes changes, and sends a heartbeat at once if there are any. */
  update(changes: Partial<Presence>): void;
  /** Sends a heartbeat now, if NATS is connected. */
  beat(): void;
  /** Sends no more heartbeats, because a heartbeat after the goodbye would show an agent that has ended as running. */
  stop(): void;
}

const againAfterMs = 1_500;

/** Sends a heartbeat at each (re)connection and 1.5 s later, at each change, and every `intervalS`. */
export function startHeartbeat(options: HeartbeatOptions): HeartbeatSender {
  const { id, instanceId, facts, intervalS, link, now, log } = options;
  let presence: Presence = { status: "starting", current_task: "" };
  let seq = 0;
  let isStopped = false;

  const beat = () => {
    const bus = link.bus();
    if (bus === undefined || isStopped) return;
    seq += 1;
    const heartbeat: Heartbeat = {
      agent_id: id,
      ...facts,
      ...presence,
      timestamp: now().toISOString(),
      instance_id: instanceId,
      interval_s: intervalS,
      seq,
    };
    try {
      bus.publish(agentSubject(id, "heartbeat"), heartbeat);
    } catch (error) {
      log.debug(`heartbeat: ${messageOf(error)}`); // the connection is closing; the next one beats again
    }
  };
  let again: ReturnType<typeof setTimeout> | undefined;
  const unlisten = link.onChange((bus) => {
    clearTimeout(again);
    if (bus === undefined) return;
    beat();
    // After a loss `serve` reconnects at the same time and may miss this heartbeat, so send it once more.
    again = setTimeout(beat, againAfterMs);
  });
  const timer = setInterval(beat, intervalS * 1_000);

  return {
    presence: () => presence,
    update(changes) {
      const before = presence;
      presence = { ...before, ...changes };
      const isChanged = (Object.keys(changes) as (keyof Presence)[]).some(
        (key) => presence[key] !== before[key],
      );
      if (isChanged) beat();
    },
    beat,
    stop() {
      isStopped = true;
      unlisten();
      clearTimeout(again);
      clearInterval(timer);
    },
  };
}
