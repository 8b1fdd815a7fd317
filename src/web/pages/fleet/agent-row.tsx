/** @jsxImportSource hono/jsx */
// One agent as a row of the fleet page's table: one line, the rest of a long text in its title.

import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { isHeldBack } from "../../../domain/fleet/axes.ts";
import { badgeOf } from "../../../domain/fleet/needs/badge.ts";
import { needText } from "../../../domain/fleet/needs/need.ts";
import { lastSignOf } from "../../../domain/fleet/shown/last-action.ts";
import { costText, estimatedBy } from "../../../domain/usage.ts";
import { ModelPlace } from "../parts/model-request.tsx";
import { Queued } from "../parts/queued.tsx";
import { StatusBadge } from "../parts/status-badge.tsx";
import { TaskText } from "../parts/task-text.tsx";
import { Age } from "../parts/time.tsx";
import { CliName, shownFolder } from "./agent-card.tsx";
import { groupIdOf, orderKey } from "./arrange.ts";
import { chosenForm } from "./chosen-bar.tsx";
import type { FleetQuery } from "./fleet-query.ts";

export interface AgentRowProps {
  readonly view: AgentView;
  /** The group and the order decide where the row stands. */
  readonly query: Pick<FleetQuery, "group" | "sort">;
  readonly now: Date;
}

/** The status with what makes its word plain: `held: usage limit`. */
function statusTitle(view: AgentView): string {
  const { text, detail } = badgeOf(view);
  return detail === "" ? text : `${text}: ${detail}`;
}

export function AgentRow({ view, query, now }: AgentRowProps) {
  const { agent_id, project_path, tags } = view;
  const place = { "data-list": `list-${groupIdOf(view, query)}`, "data-order": orderKey(view, query) };
  return (
    <tr
      id={`agent-${agent_id}`}
      data-agent={agent_id}
      data-paused={isHeldBack(view.axes) ? "" : undefined}
      {...place}
    >
      <td class="choose">
        <input
          type="checkbox"
          name="agents"
          value={agent_id}
          form={chosenForm}
          aria-label={`Check ${agent_id}`}
        />
      </td>
      <th scope="row" class="agent">
        <a href={`/agents/${agent_id}`} title={[agent_id, ...tags.map((tag) => `tag: ${tag}`)].join(" · ")}>
          {agent_id}
        </a>
      </th>
      <td class="status-cell" title={statusTitle(view)}>
        <StatusBadge view={view} />
      </td>
      <td class="task" title={taskTitle(view)}>
        <Need view={view} />
        <TaskText view={view} now={now} />
      </td>
      <td class="cli">
        <CliName view={view} />
      </td>
      <td class="path" title={project_path}>
        {shownFolder(project_path)}
      </td>
      <td class="cost">
        {view.usage?.estimated_cost !== undefined && (
          <span title={`${estimatedBy(view.usage)} of ${view.usage.at}`}>
            {costText(view.usage.estimated_cost)} <span class="quiet">est.</span>
          </span>
        )}
      </td>
      <td class="queue">
        <Queued count={view.queued} isShort />
        <ModelPlace view={view} />
      </td>
      <td class="heard">
        <Age at={lastSignOf(view)} now={now} />
      </td>
    </tr>
  );
}

/** What the agent needs a person for, before its task; the badge has the words for the first need. */
function Need({ view }: { view: AgentView }) {
  const [need] = view.needs;
  return need === undefined ? null : <span class="attention">{need.reason} </span>;
}

function taskTitle({ needs, current_task }: AgentView): string {
  return [...needs.flatMap((need) => [needText(need), need.hint]), current_task].filter(Boolean).join(" · ");
}
