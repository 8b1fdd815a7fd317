/** @jsxImportSource hono/jsx */
// The fleet as a table: one line an agent, in groups, ordered by a column. It is for more agents than fit as cards.
import { AgentRow } from "./agent-row.tsx";
import type { Arrangement, FleetGroup } from "./arrange.ts";
import { ChosenBar } from "./chosen-bar.tsx";
import { type Column, columns, type FleetQuery, fleetAddress, nextSort } from "./fleet-query.ts";
import { GroupCount } from "./group-count.tsx";

const heads: Readonly<Record<Column, string>> = {
  agent: "Agent",
  status: "Status",
  task: "Task",
  cli: "CLI",
  project: "Project",
  cost: "Cost",
  queue: "Queue",
  heard: "Last action",
};

export interface FleetTableProps {
  readonly arrangement: Arrangement;
  readonly query: FleetQuery;
  readonly now: Date;
}

export function FleetTable({ arrangement, query, now }: FleetTableProps) {
  const isDown = query.sort?.isDown === true;
  return (
    <>
      <table class="fleet">
        <caption class="unseen">Agents by {query.group}</caption>
        <thead>
          <tr>
            <td class="choose" />
            {columns.map((column) => (
              <Head column={column} query={query} />
            ))}
          </tr>
        </thead>
        {arrangement.groups.map((group) => (
          <tbody
            class={`group ${group.id}`}
            id={`list-${group.id}`}
            data-down={isDown}
            hidden={group.shown.length === 0}
          >
            <tr class="group-head">
              <th scope="rowgroup" colspan={columns.length + 1}>
                <label class="choose-all">
                  <input type="checkbox" data-choose={`list-${group.id}`} />
                  <span class="unseen">Check all shown of {group.title}</span>
                </label>
                <span class="group-title">{group.title}</span>{" "}
                <GroupCount id={group.id} count={group.figure} />
              </th>
            </tr>
            {group.shown.map((view) => (
              <AgentRow view={view} query={query} now={now} />
            ))}
            <MoreRow group={group} query={query} />
          </tbody>
        ))}
      </table>
      <ChosenBar />
    </>
  );
}

/** How many agents of a group are not shown, as a link that shows them; hidden if all are. */
export function MoreRow({ group, query }: { group: FleetGroup; query: FleetQuery }) {
  const left = group.count - group.shown.length;
  return (
    <tr class="more" id={`more-${group.id}`} hidden={left === 0}>
      <td colspan={columns.length + 1}>
        {left > 0 && (
          <a href={fleetAddress({ ...query, isWhole: true })}>+{left.toLocaleString("en")} more</a>
        )}
      </td>
    </tr>
  );
}

function Head({ column, query }: { column: Column; query: FleetQuery }) {
  const { sort } = query;
  const order = sort?.by !== column ? undefined : sort.isDown ? "descending" : "ascending";
  return (
    <th scope="col" class={`head-${column}`} {...(order === undefined ? {} : { "aria-sort": order })}>
      <a href={fleetAddress({ ...query, sort: nextSort(query, column) })}>
        {heads[column]}
        {order !== undefined && <span aria-hidden="true">{sort?.isDown === true ? " ↓" : " ↑"}</span>}
      </a>
    </th>
  );
}
