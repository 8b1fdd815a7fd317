// Decides who is a captain where there are no credentials to tell: by the agent's own heartbeat.
import { isAgentId } from "../../domain/wire/agent-id.ts";
import { type Role, readRole } from "../../domain/wire/roles.ts";
import type { FleetState } from "./fleet-state.ts";

export type RoleOf = (id: string) => Role;

/**
 * The role is the one that the agent's heartbeats carry, as `spawn` told its bridge: it holds agents to their part, and does not
 * yet hold back one that lies. With credentials of its own for each agent, this function reads the role from them.
 */
export function createRoleOf(fleet: FleetState): RoleOf {
  return (id) => readRole(isAgentId(id) ? fleet.record(id)?.role : undefined);
}
