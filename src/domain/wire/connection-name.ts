// The name of a host's or a bridge's NATS connection. It carries the agent's id, because nats-server reports each
// connection and its end by that name.
import { type AgentId, isAgentId } from "./agent-id.ts";

const form = /^cliai bridge (\S+) (\S+)$/;

export function buildConnectionName(id: AgentId, instanceId: string): string {
  return `cliai bridge ${id} ${instanceId}`;
}

/** The name for a bridge that has a host. {@link parseConnectionName} ignores it, because this connection does not show that the agent lives. */
export function buildToolsConnectionName(id: AgentId, instanceId: string): string {
  return `cliai tools ${id} ${instanceId}`;
}

/** Undefined for a connection that does not speak for an agent. */
export function parseConnectionName(name: string): { id: AgentId; instanceId: string } | undefined {
  const [, id, instanceId] = form.exec(name) ?? [];
  return isAgentId(id) && instanceId !== undefined ? { id, instanceId } : undefined;
}
