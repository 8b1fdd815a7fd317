// Chooses the id of a new agent, and checks that it is free: in the folders of this data directory, and in the fleet.
import { refuseGuestId } from "../../domain/agent-protocol/guest-id.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { type AgentId, buildAgentId, caseTwinOf, parseAgentId } from "../../domain/wire/agent-id.ts";
import { type FleetReading, viewsOf } from "../fleet/fleet-reading.ts";

/** The agents that the server knows, and whether each is online. */
export type SeenAgents = ReadonlyMap<AgentId, { readonly isOnline: boolean }>;

export function seenIn(fleet: FleetReading): SeenAgents {
  return new Map(
    viewsOf(fleet).map(({ agent_id, axes }) => [agent_id, { isOnline: axes.link.value === "online" }]),
  );
}

export interface KnownAgents {
  readonly agents: SeenAgents;
  /** The folders under `agents/`. */
  readonly folders: readonly AgentId[];
}

/**
 * @param wanted `--id`; if undefined, a free id is made from the profile's name
 * @throws CliaiError `agent_id_invalid`, also if the id differs from a known one in case only, or only an agent of a peer may have it;
 * `already_running`
 */
export function chooseAgentId(
  wanted: string | undefined,
  profile: string,
  { agents, folders }: KnownAgents,
  random: () => number,
): AgentId {
  const known = new Set([...agents.keys(), ...folders]);
  if (wanted === undefined) {
    for (;;) {
      const id = buildAgentId(profile, random());
      if (!known.has(id) && caseTwinOf(id, known) === undefined) return id;
    }
  }
  const id = parseAgentId(wanted);
  if (!folders.includes(id)) refuseGuestId(id);
  const twin = caseTwinOf(id, known);
  if (twin !== undefined) {
    throw new CliaiError("agent_id_invalid", `"${id}" differs from the agent "${twin}" in case only`, {
      hint: `use "${twin}", or an id that differs more: --id ${twin}`,
    });
  }
  if (agents.get(id)?.isOnline === true) {
    throw new CliaiError("already_running", `the agent "${id}" is online already`, {
      hint: `stop it first: cliai send stop ${id}`,
    });
  }
  return id;
}
