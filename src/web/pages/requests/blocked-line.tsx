/** @jsxImportSource hono/jsx */
// What waits as long as an agent needs a person.
import type { Blocked } from "../../../domain/fleet/needs/fleet-needs.ts";

interface BlockedLineProps {
  readonly blocks: Blocked;
  /** Whether the agent does not run: then its orders come when it is back. */
  readonly isGone?: boolean;
  /** Whether this is on the agent's own page, which shows its task elsewhere. */
  readonly isOwnPage?: boolean;
}

export function BlockedLine({ blocks, isGone = false, isOwnPage = false }: BlockedLineProps) {
  const { task, orders, agents, captains } = blocks;
  const what = orders === 1 ? "1 order" : `${orders} orders`;
  return (
    <>
      {task !== undefined && !isOwnPage && (
        <p class="quiet blocked-task" title={task}>
          Task: {task}
        </p>
      )}
      {(orders > 0 || agents.length > 0) && (
        <p class="quiet">
          It holds up{" "}
          {orders > 0 && (isGone ? <b>{what}, which it will receive when it is back</b> : <b>{what}</b>)}
          {orders > 0 && agents.length > 0 && ", and "}
          {agents.map((id, place) => (
            <>
              {place > 0 && ", "}
              <a href={`/agents/${id}`}>{id}</a>
            </>
          ))}
          {agents.length > 0 && (agents.length === 1 ? ", which waits for it" : ", which wait for it")}.
        </p>
      )}
      {captains.length > 0 && (
        <p class="quiet">Asked as well: {captains.join(", ")}. The first answer counts.</p>
      )}
    </>
  );
}
