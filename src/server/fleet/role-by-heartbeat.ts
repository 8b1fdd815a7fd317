// Decides by the agent's own heartbeat whether it is a captain, for servers without credentials.
import { isAgentId } from "../../domain/wire/agent-id.ts";
import { type Role, readRole } from "../../domain/wire/roles.ts";
import type { FleetState } from "./fleet-state.ts";

export type RoleOf = (id: string) => Role;

/**
 * Returns the role that the agent's heartbeats carry, which `spawn` gave its bridge. An agent that lies can claim any role: only
 * credentials prevent that (`src/credentials/role-by-credentials.ts`).
 */
export function createRoleOf(fleet: FleetState): RoleOf {
  return (id) => readRole(isAgentId(id) ? fleet.record(id)?.role : undefined);
}
