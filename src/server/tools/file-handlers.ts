// The handlers of the tools about files: who has reserved what. `reservation-book.ts` decides.
import type { Reservation } from "../../domain/files/reservation.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Reserver } from "../files/reservation-book.ts";
import type { ToolContext, ToolHandlers } from "./tool-context.ts";

const note = "release what you no longer need";
const worktreeNote =
  "These are files of your own worktree: the same files in another worktree of the repository are others, which this does not reserve. Changes of both meet at the merge.";

export const fileHandlers: Pick<ToolHandlers, "reserve" | "release"> = {
  async reserve(reserving, context) {
    const { paths, until } = await context.reservations.reserve(reserverOf(context), reserving);
    const hasWorktree = context.fleet.record(context.id)?.heartbeat?.worktree_branch !== undefined;
    return { reserved: paths, until, note: hasWorktree ? `${note}. ${worktreeNote}` : note };
  },

  async release({ paths }, context) {
    const released = await context.reservations.release(reserverOf(context), paths);
    return released.length === 0 ? "you had reserved none of them" : { released };
  },
};

/** @throws CliaiError `refused` for a caller that is not in the fleet */
function reserverOf({ id, instanceId, fleet }: ToolContext): Reserver {
  const record = fleet.record(id);
  if (record === undefined) {
    throw new CliaiError("refused", `${id} is not in the fleet yet`, { hint: "call report_status first" });
  }
  const { host: machine, project_path: project, heartbeat } = record;
  return { id, instanceId: instanceId ?? heartbeat?.instance_id, machine, project };
}

/** At most so many of the files that an agent has changed lately are listed. */
const changedShown = 5;

/** Returns a function that tells which files an agent holds, and which it has changed lately. */
export function filesOf({
  reservations,
  changedLately,
  now,
}: Pick<ToolContext, "reservations" | "changedLately" | "now">) {
  const held = Map.groupBy(reservations.standing(), ({ agent_id }) => agent_id);
  return (id: AgentId) => {
    const reserved = held.get(id)?.map(shownReservation);
    const changed = changedLately(id, now().getTime())
      .slice(0, changedShown)
      .map(({ path }) => path);
    return {
      ...(reserved === undefined ? {} : { reserved }),
      ...(changed.length === 0 ? {} : { changed_lately: changed }),
    };
  };
}

function shownReservation({ paths, until, why }: Reservation) {
  return { paths, until, why };
}
