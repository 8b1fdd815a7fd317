// Tells how an agent that is away can be started again.
import { isGuest } from "../../agent-protocol/guest-id.ts";
import type { AgentRecord } from "../agent-record.ts";
import type { AgentView } from "../agent-view.ts";

/** The command that starts an ended agent again in its session. */
export function resumeLine({ agent_id }: Pick<AgentRecord, "agent_id">): string {
  return `cliai resume ${agent_id}`;
}

const endedWords: readonly string[] = ["stopped", "ended", "crashed", "disconnected"];

/** Whether cliai launched the agent. If not, the agent's own MCP client started its bridge, and has to start it again. */
export function wasLaunched({ session, heartbeat }: Pick<AgentRecord, "session" | "heartbeat">): boolean {
  return session !== undefined || heartbeat?.agent_cli !== undefined;
}

function ownWay(agent: Pick<AgentRecord, "agent_id" | "cli">): string {
  return isGuest(agent)
    ? "start its own program again; cliai finds it by itself"
    : "start its own program again, such as the MCP client that runs cliai bridge";
}

/** How the agent comes back when it is away: the command that resumes it, or, if cliai cannot start it, who can. */
export function wayBack(record: AgentRecord): string {
  return wasLaunched(record) ? resumeLine(record) : ownWay(record);
}

/** The hint for an agent that does not run. */
export function startAgainHint(record: AgentRecord): string {
  return wasLaunched(record) ? `start it again: ${resumeLine(record)}` : ownWay(record);
}

type Shown = Pick<AgentView, "status" | "session" | "heartbeat">;

/**
 * Whether the agent can be resumed. A silent agent cannot, because it may still run; an agent that failed to start cannot, because it has no
 * session; and an agent that cliai did not launch cannot.
 */
export function isResumable(view: Shown): boolean {
  return endedWords.includes(view.status) && wasLaunched(view);
}

/** How to start an agent again that has ended and that cliai did not launch; undefined for any other agent. */
export function ownWayBack(view: Shown & Pick<AgentView, "agent_id" | "cli">): string | undefined {
  return endedWords.includes(view.status) && !wasLaunched(view) ? ownWay(view) : undefined;
}
