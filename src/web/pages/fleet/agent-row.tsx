/** @jsxImportSource hono/jsx */
// One agent as a row of the fleet page's table.

import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { sectionOf } from "../../../domain/fleet/shown/sections.ts";
import { costText, estimatedBy } from "../../../domain/usage.ts";
import { ModelPlace } from "../parts/model-request.tsx";
import { Queued } from "../parts/queued.tsx";
import { AttentionLine, StatusBadge } from "../parts/status-badge.tsx";
import { TaskText } from "../parts/task-text.tsx";
import { Age } from "../parts/time.tsx";
import { CliName, folderOf } from "./agent-card.tsx";

export function AgentRow({ view, now }: { view: AgentView; now: Date }) {
  const { agent_id, current_task, project_path } = view;
  return (
    <tr id={`agent-${agent_id}`} data-agent={agent_id} data-list={`list-${sectionOf(view)}`}>
      <th scope="row">
        <a href={`/agents/${agent_id}`}>{agent_id}</a>
      </th>
      <td>
        <StatusBadge view={view} />
      </td>
      <td class="task">
        <p title={current_task}>
          <TaskText view={view} now={now} />
        </p>
        <AttentionLine view={view} />
      </td>
      <td class="cli">
        <CliName view={view} />
      </td>
      <td class="path" title={project_path}>
        {folderOf(project_path)}
      </td>
      <td class="cost">
        {view.usage?.estimated_cost !== undefined && (
          <span title={`${estimatedBy(view.usage)} of ${view.usage.at}`}>
            {costText(view.usage.estimated_cost)} <span class="quiet">est.</span>
          </span>
        )}
      </td>
      <td>
        <Queued count={view.queued} />
        <ModelPlace view={view} />
      </td>
      <td class="heard">
        <Age at={view.last_seen} now={now} />
      </td>
    </tr>
  );
}
