// Sends the agent's heartbeat (contract §3): what is known of the agent and what it last reported, never an assumption.
import { messageOf } from "../domain/text/errors.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import type { Heartbeat } from "../domain/wire/messages.ts";
import type { Role } from "../domain/wire/roles.ts";
import { agentSubject } from "../domain/wire/subjects.ts";
import type { Logger } from "../log.ts";
import type { Link } from "./link.ts";

/** What stays the same for the life of a bridge. */
export interface AgentFacts {
  readonly config_name: string;
  readonly project_path: string;
  readonly host: string;
  readonly pid: number;
  readonly session_id?: string | undefined;
  readonly role?: Role | undefined;
}

/** What may change. */
export interface Presence {
  readonly status: string;
  readonly current_task: string;
  readonly cli?: string;
  readonly cli_version?: string;
  readonly session_id?: string;
  /** Why nothing can hold the agent; empty where something can. */
  readonly unheld?: string;
  /** Why what waits in its inbox is not handed to its CLI now; empty where nothing is in the way. */
  readonly waits_because?: string;
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
  stop(): void;
}

const againAfterMs = 1_500;

/** Beats at each connection and reconnection and soon after, at each change, and every `intervalS`. */
export function startHeartbeat(options: HeartbeatOptions): HeartbeatSender {
  const { id, instanceId, facts, intervalS, link, now, log } = options;
  let presence: Presence = { status: "starting", current_task: "" };
  let seq = 0;

  const beat = () => {
    const bus = link.bus();
    if (bus === undefined) return;
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
    // After a loss the server reconnects at the same time and may miss this heartbeat, so it is sent once more.
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
    stop() {
      unlisten();
      clearTimeout(again);
      clearInterval(timer);
    },
  };
}
