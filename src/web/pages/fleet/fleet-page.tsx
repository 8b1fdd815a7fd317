/** @jsxImportSource hono/jsx */
// This room is the page of the whole fleet.
//
// The page of the fleet: sections of cards for a few agents, a dense table for many, the first step if there is none.

import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { sections, sectionTitles } from "../../../domain/fleet/shown/sections.ts";
import type { AgentId } from "../../../domain/wire/agent-id.ts";
import { Icon } from "../parts/icon.tsx";
import { ActLink } from "../viewer/act.tsx";
import { AgentCard } from "./agent-card.tsx";
import { type Arrangement, arrange } from "./arrange.ts";
import { EmptyFleet } from "./empty-fleet.tsx";
import { FilterBar, FilterNote } from "./filter-bar.tsx";
import { type FleetQuery, queryParams } from "./fleet-query.ts";
import { FleetTable } from "./fleet-table.tsx";
import { GroupCount } from "./group-count.tsx";
import { layoutOf } from "./layouts.ts";
import { ModelServers } from "./model-servers.tsx";
import { Strip } from "./strip.tsx";

export interface FleetPageProps {
  readonly views: readonly AgentView[];
  readonly query: FleetQuery;
  /** The number of an agent's events in each of the last minutes, oldest first. */
  readonly activityOf: (id: AgentId) => readonly number[];
  readonly now: Date;
  /** The command that launches a first agent. */
  readonly spawnCommand: string;
  /** The addresses at which serve listens: the page's, and that of NATS. */
  readonly listening: readonly string[];
}

export function FleetPage(props: FleetPageProps) {
  const { views, query } = props;
  const filter = queryParams({ ...query, sort: undefined, group: "state", isWhole: false }).toString();
  const [all, suffix] = filter === "" ? ["all", ""] : ["these", `?${filter}`];
  return (
    <>
      <div class="page-head">
        <h1>Fleet</h1>
        <nav aria-label="For the fleet">
          <ActLink class="button primary" href="/spawn" posts="/spawn">
            <Icon name="plus" /> Spawn
          </ActLink>
          <ActLink class="button" href={`/bulk/pause${suffix}`} posts="/bulk">
            <Icon name="pause" /> Pause {all}
          </ActLink>
          <ActLink class="button" href={`/bulk/resume${suffix}`} posts="/bulk">
            <Icon name="play" /> Resume {all}
          </ActLink>
          <ActLink class="button stop" href={`/bulk/stop${suffix}`} posts="/bulk">
            <Icon name="stop" /> Stop {all}
          </ActLink>
        </nav>
      </div>
      {views.length > 0 && <FilterBar views={views} query={query} />}
      <FleetContent {...props} />
      <ModelServers views={views} now={props.now} />
    </>
  );
}

/** The part of the page that changes when agents come, go or change. */
export function FleetContent(props: FleetPageProps) {
  const { views, query, now, spawnCommand, listening } = props;
  const layout = layoutOf(views.length);
  const arrangement = arrange(views, layout === "table" ? query : asCards(query));
  const { matching, hidden } = arrangement;
  return (
    <div id="live" data-layout={layout}>
      <FilterNote query={query} shown={matching.length} hidden={hidden} />
      {layout === "empty" && <EmptyFleet spawnCommand={spawnCommand} listening={listening} />}
      {layout === "cards" && <Cards {...props} arrangement={arrangement} />}
      {layout === "table" && <Strip views={matching} />}
      {layout === "table" && <FleetTable arrangement={arrangement} query={query} now={now} />}
    </div>
  );
}

/** Cards always stand in sections, in a fixed order, so that each keeps its place. */
export function asCards(query: FleetQuery): FleetQuery {
  return { ...query, sort: { by: "agent", isDown: false }, group: "state", isWhole: true };
}

function Cards({ arrangement, activityOf, now }: FleetPageProps & { arrangement: Arrangement }) {
  return (
    <>
      {sections.map((section, place) => {
        const { shown = [], figure = 0 } = arrangement.groups[place] ?? {};
        return (
          <section
            class={`group ${section}`}
            aria-labelledby={`title-${section}`}
            hidden={shown.length === 0}
          >
            <h2 id={`title-${section}`}>
              {sectionTitles[section]} <GroupCount id={section} count={figure} />
            </h2>
            <ul class="cards" id={`list-${section}`}>
              {shown.map((view) => (
                <AgentCard view={view} activity={activityOf(view.agent_id)} now={now} />
              ))}
            </ul>
          </section>
        );
      })}
    </>
  );
}
