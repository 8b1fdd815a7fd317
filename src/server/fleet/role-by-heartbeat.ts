// Who is a captain: the one place that says so. Every tool of a captain asks here.
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
