// Says how an agent that is away is had again.
import type { AgentRecord } from "./agent-record.ts";
import type { AgentView } from "./agent-view.ts";

/** The command that starts an ended agent again in its session. */
export function resumeLine({ agent_id }: Pick<AgentRecord, "agent_id">): string {
  return `cliai resume ${agent_id}`;
}

const endedWords: readonly string[] = ["stopped", "ended", "crashed", "disconnected"];

/** Whether it can be resumed. Of a silent one nobody knows whether it still runs, and one that failed to start has no session. */
export function isResumable({ status }: Pick<AgentView, "status">): boolean {
  return endedWords.includes(status);
}
