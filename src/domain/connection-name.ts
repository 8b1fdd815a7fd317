// The name that a bridge gives its connection to NATS: nats-server says it with each connection that comes or goes.
import { type AgentId, isAgentId } from "./agent-id.ts";

const form = /^cliai bridge (\S+) (\S+)$/;

export function buildConnectionName(id: AgentId, instanceId: string): string {
  return `cliai bridge ${id} ${instanceId}`;
}

/** Undefined for the connection of anything else than a bridge. */
export function parseConnectionName(name: string): { id: AgentId; instanceId: string } | undefined {
  const [, id, instanceId] = form.exec(name) ?? [];
  return isAgentId(id) && instanceId !== undefined ? { id, instanceId } : undefined;
}
