/** @jsxImportSource hono/jsx */
// This room is the page of the whole fleet.
//
// The page of the fleet: sections of cards for a few agents, a dense table for many, the first step if there is none.

import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import {
  groupBySection,
  type Section,
  sections,
  sectionTitles,
} from "../../../domain/fleet/shown/sections.ts";
import { Icon } from "../parts/icon.tsx";
import { AgentCard } from "./agent-card.tsx";
import { AgentRow } from "./agent-row.tsx";
import { EmptyFleet } from "./empty-fleet.tsx";
import { type Layout, layoutOf } from "./layouts.ts";
import { ModelServers } from "./model-servers.tsx";

export interface FleetPageProps {
  readonly views: readonly AgentView[];
  readonly now: Date;
  /** The command that launches a first agent. */
  readonly spawnCommand: string;
  /** The addresses at which serve listens: the page's, and that of NATS. */
  readonly listening: readonly string[];
}

export function FleetPage(props: FleetPageProps) {
  return (
    <>
      <div class="page-head">
        <h1>Fleet</h1>
        <nav aria-label="For the fleet">
          <a class="button primary" href="/spawn" data-acts>
            <Icon name="plus" /> Spawn
          </a>
          <a class="button" href="/bulk/pause" data-acts>
            <Icon name="pause" /> Pause all
          </a>
          <a class="button" href="/bulk/resume" data-acts>
            <Icon name="play" /> Resume all
          </a>
          <a class="button stop" href="/bulk/stop" data-acts>
            <Icon name="stop" /> Stop all
          </a>
        </nav>
      </div>
      <FleetContent {...props} />
      <ModelServers views={props.views} now={props.now} />
    </>
  );
}

/** The part of the page that changes when agents come, go or change. */
export function FleetContent({ views, now, spawnCommand, listening }: FleetPageProps) {
  const layout = layoutOf(views.length);
  return (
    <div id="live" data-layout={layout}>
      {layout === "empty" && <EmptyFleet spawnCommand={spawnCommand} listening={listening} />}
      {layout === "cards" && <Cards views={views} now={now} />}
      {layout === "table" && <Table views={views} now={now} />}
    </div>
  );
}

/** One agent as this layout shows it. This is sent when the agent changes. */
export function AgentEntry({ view, layout, now }: { view: AgentView; layout: Layout; now: Date }) {
  return layout === "table" ? <AgentRow view={view} now={now} /> : <AgentCard view={view} now={now} />;
}

export function SectionCount({ section, count }: { section: Section; count: number }) {
  return (
    <span id={`count-${section}`} class="count">
      {count}
    </span>
  );
}

function Cards({ views, now }: { views: readonly AgentView[]; now: Date }) {
  const groups = groupBySection(views);
  return (
    <>
      {sections.map((section) => (
        <section class={`group ${section}`} aria-labelledby={`title-${section}`}>
          <h2 id={`title-${section}`}>
            {sectionTitles[section]} <SectionCount section={section} count={groups[section].length} />
          </h2>
          <ul class="cards" id={`list-${section}`}>
            {groups[section].map((view) => (
              <AgentCard view={view} now={now} />
            ))}
          </ul>
        </section>
      ))}
    </>
  );
}

function Table({ views, now }: { views: readonly AgentView[]; now: Date }) {
  const groups = groupBySection(views);
  return (
    <table class="fleet">
      <caption class="unseen">Agents by what they need</caption>
      <thead>
        <tr>
          <th scope="col">Agent</th>
          <th scope="col">Status</th>
          <th scope="col">Task</th>
          <th scope="col">CLI</th>
          <th scope="col">Project</th>
          <th scope="col">Cost</th>
          <th scope="col">Queue</th>
          <th scope="col">Last heard</th>
        </tr>
      </thead>
      {sections.map((section) => (
        <tbody class={`group ${section}`} id={`list-${section}`}>
          <tr>
            <th colspan={8} scope="rowgroup">
              {sectionTitles[section]} <SectionCount section={section} count={groups[section].length} />
            </th>
          </tr>
          {groups[section].map((view) => (
            <AgentRow view={view} now={now} />
          ))}
        </tbody>
      ))}
    </table>
  );
}
