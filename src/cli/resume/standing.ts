// Decides what `cliai resume` has to do with an agent, from the agent's view and its lock on this machine. Pure.
import { type AgentView, unknownText } from "../../domain/fleet/agent-view.ts";
import { hasConversation } from "../../domain/fleet/session-evidence.ts";
import { canBeLetGo } from "../../domain/fleet/shown/let-go.ts";
import { wasLaunched } from "../../domain/fleet/shown/way-back.ts";
import { wasTakenDown } from "../../domain/fleet/taken-down.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { isSessionId } from "../../domain/wire/session-id.ts";

export interface Standing {
  readonly view: AgentView;
  /** `paused` means that it runs, and a resume lets it go on. `unknown` means that it may still run. */
  readonly state: "runs" | "paused" | "ended" | "elsewhere" | "unknown";
  readonly why: string;
  /** Whether it ran when its machine or the server went down, including `down --agents`. If not, somebody stopped it, or it ended by itself. */
  readonly wentDown: boolean;
}

export interface Place {
  /** The name of this machine. */
  readonly hostname: string;
  /** Whether a process of this machine holds the agent's lock in this data directory. */
  readonly isHeld: boolean;
  /** Whether the process that the agent's heartbeats name runs on this machine. */
  readonly isRunning: boolean;
  /** Whether an agent that ran on another machine is to be started here: a person says that it runs there no longer. */
  readonly takesOver?: boolean;
}

const ownEnds: readonly string[] = ["stopped", "ended", "crashed", "failed_to_start"];

export function standingOf(
  view: AgentView,
  { hostname, isHeld, isRunning, takesOver = false }: Place,
): Standing {
  const { axes, status, host, session } = view;
  const why = axes.link.reason;
  const isOwn = host === undefined || host === hostname;
  const isHere = isOwn || takesOver;
  // A host holds its agent's lock while it lives. After a host was killed, the record may still say for a while that it is online. If the
  // host runs with another data directory, nobody holds the lock in this one, but the process that the heartbeats name still runs.
  const isDead = isOwn && !isHeld && !isRunning && session !== undefined;
  if (ownEnds.includes(status) && !isHeld) {
    const how = view.said?.message === undefined ? status : `${status} (${view.said.message})`;
    // A killed host counts as going down, because nobody stopped the agent: for example, a container that ends kills its hosts.
    const wentDown = view.said?.ended_with === "host" || (wasLaunched(view) && wasTakenDown(view));
    return isHere ? { view, state: "ended", why: how, wentDown } : elsewhere(view, wentDown);
  }
  if (axes.link.value === "online" && !isDead) {
    return { view, state: canBeLetGo(view) ? "paused" : "runs", why, wentDown: false };
  }
  if (!isHere) return elsewhere(view, axes.link.value !== "never");
  if (isHeld) {
    return { view, state: "unknown", why: `its host still runs here, but ${why}`, wentDown: false };
  }
  if (isDead || axes.link.value === "offline" || (!isOwn && session !== undefined)) {
    const how = axes.link.value === "online" ? "its host has ended without a word" : why;
    return { view, state: "ended", why: how, wentDown: session !== undefined };
  }
  return { view, state: "unknown", why: `nobody knows whether it runs: ${why}`, wentDown: false };
}

function elsewhere(view: AgentView, wentDown: boolean): Standing {
  return { view, state: "elsewhere", why: `it ran on ${view.host}: resume it there`, wentDown };
}

/** How an agent is started again. */
export interface Again {
  readonly id: AgentId;
  /** Undefined if it had no profile. */
  readonly profile: string | undefined;
  readonly project: string;
  readonly role: "agent" | "captain" | undefined;
  /** The session to resume. Undefined if there was no prompt yet, because its CLI has then stored no session. */
  readonly session: string | undefined;
}

export function againOf(view: AgentView): Again {
  const { agent_id: id, config_name, project_path, role, session } = view;
  const known = session?.session_id ?? view.session_id;
  return {
    id,
    profile: config_name === unknownText ? undefined : config_name,
    project: project_path === unknownText ? "." : project_path,
    role: role === "agent" || role === "captain" ? role : undefined,
    session: session !== undefined && hasConversation(session) && isSessionId(known) ? known : undefined,
  };
}
