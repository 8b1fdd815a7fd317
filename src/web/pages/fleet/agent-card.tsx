/** @jsxImportSource hono/jsx */
// One agent as a card of the fleet page.

import { type AgentView, unknownText } from "../../../domain/fleet/agent-view.ts";
import { folderOf } from "../../../domain/fleet/shown/agent-filter.ts";
import { lastSignOf } from "../../../domain/fleet/shown/last-action.ts";
import { sectionOf } from "../../../domain/fleet/shown/sections.ts";
import { shownCli } from "../../../domain/fleet/shown/shown-cli.ts";
import { ModelPlace } from "../parts/model-request.tsx";
import { ProgressLine } from "../parts/progress-line.tsx";
import { Queued } from "../parts/queued.tsx";
import { AttentionLine, StatusBadge } from "../parts/status-badge.tsx";
import { TaskText } from "../parts/task-text.tsx";
import { Age } from "../parts/time.tsx";
import { UsageLine } from "../parts/usage.tsx";
import { AgentActions } from "./agent-actions.tsx";
import { Sparkline } from "./sparkline.tsx";

export interface AgentCardProps {
  readonly view: AgentView;
  /** The number of its events in each of the last minutes, oldest first. */
  readonly activity: readonly number[];
  readonly now: Date;
}

export function AgentCard({ view, activity, now }: AgentCardProps) {
  const { agent_id, project_path, progress, tags } = view;
  return (
    <li id={`agent-${agent_id}`} class="card" data-agent={agent_id} data-list={`list-${sectionOf(view)}`}>
      <div class="card-head">
        <h3>
          <a href={`/agents/${agent_id}`}>{agent_id}</a>
        </h3>
        <StatusBadge view={view} />
      </div>
      <AttentionLine view={view} now={now} />
      <p class="task">
        <TaskText view={view} now={now} />
      </p>
      <ProgressLine progress={progress} />
      <UsageLine usage={view.usage} />
      <p class="facts">
        <CliName view={view} />
        <span class="path" title={project_path}>
          {shownFolder(project_path)}
        </span>
        {tags.map((tag) => (
          <span class="tag">{tag}</span>
        ))}
        <Queued count={view.queued} />
        <ModelPlace view={view} />
        <span class="heard">
          <Age at={lastSignOf(view)} now={now} />
        </span>
      </p>
      <div class="card-foot">
        <AgentActions view={view} />
        <Sparkline counts={activity} />
      </div>
    </li>
  );
}

/** The program in which the agent works. */
export function CliName({ view }: { view: AgentView }) {
  const cli = shownCli(view)?.name;
  return cli === undefined ? null : <span class="cli">{cli}</span>;
}

/** The last part of the project's path. The whole path is in the title and on the agent's page. */
export function shownFolder(path: string): string {
  return path === unknownText ? "project unknown" : folderOf(path);
}
