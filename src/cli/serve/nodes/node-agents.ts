// Makes the credentials of agents on a node: only of those that serve has placed there. A node may also place agents of its own there, which the
// fleet does not know yet; they are no captains.
import { readGrants, readMintedAgents } from "../../../credentials/agent-grants.ts";
import { endAgentKeys, renewAgent, signAgent } from "../../../credentials/agent-keys.ts";
import type { NodeGrant } from "../../../credentials/nodes/nodes.ts";
import {
  launchPlacementOf,
  type Placement,
  placeAgent,
  placementOf,
} from "../../../credentials/nodes/placements.ts";
import { isAgentHeld } from "../../../data-dir/agent-lock.ts";
import { CliaiError } from "../../../domain/text/errors.ts";
import { type AgentId, caseTwinOf } from "../../../domain/wire/agent-id.ts";
import type { Logger } from "../../../log.ts";
import type { NatsKeys } from "../../../nats/accounts/credentials.ts";
import type { CredentialsRequest, Signed } from "../../nodes/agent-desks.ts";

/** How long the credentials of an agent on a node are valid. Its node renews them at half of that. */
export const nodeAgentLastsMs = 7 * 24 * 60 * 60 * 1_000;

export interface NodeAgentsOptions {
  readonly dataDir: string;
  readonly keys: NatsKeys;
  readonly now: () => Date;
  readonly log: Logger;
}

/** @throws CliaiError `refused` for an agent that is not placed on this node */
export async function signForNode(
  node: Pick<NodeGrant, "name">,
  { act, agent_id: id, user_key: userKey }: CredentialsRequest,
  { dataDir, keys, now, log }: NodeAgentsOptions,
): Promise<Signed> {
  const placement = act === "make" ? placeToMake(id, node, dataDir, now()) : placementOf(dataDir, id);
  if (placement === undefined || placement.node !== node.name) {
    throw new CliaiError("refused", `the agent "${id}" is not one of the node ${node.name}`, {
      hint: "use another id; or on the server's machine: cliai spawn … --on NODE --id ID",
    });
  }
  if (act === "end") {
    const grant = readGrants(dataDir, id).find(({ user_key }) => user_key === userKey);
    if (grant !== undefined)
      await endAgentKeys(dataDir, id, { issuedUntil: new Date(grant.issued_at), now: now(), log });
    return {};
  }
  const expiresAt = new Date(now().getTime() + nodeAgentLastsMs);
  const expires_at = expiresAt.toISOString();
  if (act === "renew")
    return { jwt: await renewAgent(dataDir, keys, { id, userKey, expiresAt }), expires_at };
  if (isAgentHeld(dataDir, id))
    throw new CliaiError("already_running", `the agent "${id}" runs already on the server's machine`);
  const { role } = placement;
  const jwt = await signAgent(dataDir, keys, { id, role, now: now(), userKey, expiresAt, log });
  await placeAgent(dataDir, placement);
  return { jwt, expires_at };
}

/** Where the agent's credentials may be made. If it is launched on one node, and belongs on another, that is either of them: the first one has it. */
function placeToMake(
  id: AgentId,
  node: Pick<NodeGrant, "name">,
  dataDir: string,
  now: Date,
): Placement | undefined {
  const launched = launchPlacementOf(dataDir, id, now);
  if (launched?.node === node.name) return launched;
  return placementOf(dataDir, id) ?? launched ?? free(id, node, dataDir, now);
}

/** Where an agent is placed that nobody has placed yet; undefined if this server has given it credentials before. */
function free(
  id: AgentId,
  { name }: Pick<NodeGrant, "name">,
  dataDir: string,
  now: Date,
): Placement | undefined {
  const known = readMintedAgents(dataDir);
  if (known.includes(id)) return undefined;
  const twin = caseTwinOf(id, known);
  if (twin !== undefined)
    throw new CliaiError("agent_id_invalid", `"${id}" differs from the agent "${twin}" in case only`, {
      hint: "use another id",
    });
  return { agent_id: id, node: name, role: "agent", placed_at: now.toISOString() };
}
