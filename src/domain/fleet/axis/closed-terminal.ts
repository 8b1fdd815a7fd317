// What a person can do about an agent that waits for an answer at its terminal, after the terminal was closed. Pure.
import type { AgentRecord } from "../agent-record.ts";

/** The command that ends the agent, and opens its session on the terminal where it is called. */
export function reopenLine({ agent_id }: Pick<AgentRecord, "agent_id">): string {
  return `cliai resume ${agent_id} --terminal`;
}

/** The command that shows the agent's terminal on the one where it is called, and takes keys there. */
export function attachLine({ agent_id }: Pick<AgentRecord, "agent_id">): string {
  return `cliai attach ${agent_id}`;
}

/** The hint with {@link attachLine}; undefined unless the agent's terminal was closed. */
export function closedTerminalHint(record: Pick<AgentRecord, "agent_id" | "heartbeat">): string | undefined {
  if (record.heartbeat?.terminal_closed !== true) return undefined;
  return `its window is closed; to answer there: ${attachLine(record)}`;
}
