/** @jsxImportSource hono/jsx */
// One agent as a card of the fleet page.

import { type AgentView, unknownText } from "../../../domain/fleet/agent-view.ts";
import { sectionOf } from "../../../domain/fleet/shown/sections.ts";
import { shownCli } from "../../../domain/fleet/shown/shown-cli.ts";
import { ModelPlace } from "../parts/model-request.tsx";
import { Queued } from "../parts/queued.tsx";
import { AttentionLine, StatusBadge } from "../parts/status-badge.tsx";
import { TaskText } from "../parts/task-text.tsx";
import { Age } from "../parts/time.tsx";
import { UsageLine } from "../parts/usage.tsx";

export function AgentCard({ view, now }: { view: AgentView; now: Date }) {
  const { agent_id, project_path, progress } = view;
  return (
    <li id={`agent-${agent_id}`} class="card" data-agent={agent_id} data-list={`list-${sectionOf(view)}`}>
      <div class="card-head">
        <h3>
          <a href={`/agents/${agent_id}`}>{agent_id}</a>
        </h3>
        <StatusBadge view={view} />
      </div>
      <AttentionLine view={view} />
      <p class="task">
        <TaskText view={view} now={now} />
      </p>
      {progress !== undefined && (
        <p class="progress">
          {progress.percent !== undefined && <b>{progress.percent} %</b>} {progress.note}
        </p>
      )}
      <UsageLine usage={view.usage} />
      <p class="facts">
        <CliName view={view} />
        <span class="path" title={project_path}>
          {folderOf(project_path)}
        </span>
        <Queued count={view.queued} />
        <ModelPlace view={view} />
        <Age at={view.last_seen} now={now} />
      </p>
    </li>
  );
}

/** The program in which the agent works. */
export function CliName({ view }: { view: AgentView }) {
  const cli = shownCli(view)?.name;
  return cli === undefined ? null : <span class="cli">{cli}</span>;
}

/** The last part of the project's path. The whole path is in the title and on the agent's page. */
export function folderOf(path: string | undefined): string {
  if (path === undefined || path === unknownText) return "project unknown";
  return (
    path
      .split(/[\\/]/)
      .filter((part) => part !== "")
      .at(-1) ?? path
  );
}
