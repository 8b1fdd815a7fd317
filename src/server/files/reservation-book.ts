// Decides which reservations stand after one is made, given back or over. Pure but for the paths of the system.
import { definedOf } from "../../domain/defined.ts";
import {
  holderWords,
  maybeSameMachine,
  mostPaths,
  overlap,
  type Reservation,
} from "../../domain/files/reservation.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { reservedPath } from "./reserved-path.ts";

/** Who reserves. The id is that of the caller's credentials; the rest is what its record says. */
export interface Reserver {
  readonly id: AgentId;
  readonly instanceId: string | undefined;
  readonly machine: string | undefined;
  readonly project: string | undefined;
}

export interface Reserving {
  readonly paths: readonly string[];
  readonly minutes: number;
  readonly why: string;
}

/** How many paths one agent may hold. */
const mostHeld = 5 * mostPaths;

/**
 * The reservations with a new one. What the agent has reserved of these paths before is replaced.
 * @throws CliaiError `refused` with the holder if another agent holds one of the paths, or a part of it; `usage` for a path that cannot be reserved
 */
export function withReservation(
  standing: readonly Reservation[],
  { id, instanceId, machine, project }: Reserver,
  { paths, minutes, why }: Reserving,
  now: Date,
): { readonly all: readonly Reservation[]; readonly made: Reservation } {
  const wanted = [...new Set(paths.map((path) => reservedPath(path, project)))];
  const others = standing.filter((each) => each.agent_id !== id && maybeSameMachine(each.machine, machine));
  for (const path of wanted) {
    const holder = others.find((each) => each.paths.some((held) => overlap(held, path)));
    if (holder === undefined) continue;
    throw new CliaiError("refused", `${path} is reserved by ${holderWords(holder)}`, {
      hint: `nothing was reserved; work on something else, or ask ${holder.agent_id} with send_message to release it`,
    });
  }
  const kept = withoutPaths(standing, id, wanted);
  const held = kept.reduce((sum, each) => sum + (each.agent_id === id ? each.paths.length : 0), 0);
  if (held + wanted.length > mostHeld) {
    throw new CliaiError(
      "refused",
      `you hold ${held} paths; ${wanted.length} more are over the limit of ${mostHeld}`,
      {
        hint: "release what you no longer need, or reserve a directory",
      },
    );
  }
  const made: Reservation = {
    agent_id: id,
    ...definedOf({ instance_id: instanceId, machine }),
    paths: wanted,
    why,
    since: now.toISOString(),
    until: new Date(now.getTime() + minutes * 60_000).toISOString(),
  };
  return { all: [...kept, made], made };
}

/**
 * The reservations without these paths of the agent.
 * @throws CliaiError `refused` if another agent holds one of them and this agent does not
 */
export function withoutReservation(
  standing: readonly Reservation[],
  { id, project }: Reserver,
  paths: readonly string[],
): { readonly all: readonly Reservation[]; readonly released: readonly string[] } {
  const named = [...new Set(paths.map((path) => reservedPath(path, project)))];
  const ofOwn = new Set(standing.flatMap((each) => (each.agent_id === id ? each.paths : [])));
  for (const path of named) {
    const holder = ofOwn.has(path) ? undefined : standing.find((each) => each.paths.includes(path));
    if (holder === undefined) continue;
    throw new CliaiError("refused", `${path} is reserved by ${holder.agent_id}, not by you`, {
      hint: `only ${holder.agent_id} can release it: ask with send_message`,
    });
  }
  return { all: withoutPaths(standing, id, named), released: named.filter((path) => ofOwn.has(path)) };
}

function withoutPaths(all: readonly Reservation[], id: AgentId, paths: readonly string[]): Reservation[] {
  return all.flatMap((each) => {
    if (each.agent_id !== id) return each;
    const left = each.paths.filter((path) => !paths.includes(path));
    return left.length === 0 ? [] : { ...each, paths: left };
  });
}
