/** @jsxImportSource hono/jsx */
// The search, the filters and the groups of the fleet page. It is a form whose answer is the page itself, so the view is in its address.
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import {
  type FilterKey,
  filterKeys,
  filterText,
  folderOf,
  valuesOf,
} from "../../../domain/fleet/shown/agent-filter.ts";
import {
  type FleetQuery,
  filterOf,
  fleetAddress,
  groupings,
  isFiltered,
  sortParam,
  withoutFilter,
} from "./fleet-query.ts";

const facetNames: Readonly<Record<FilterKey, string>> = {
  status: "Status",
  project: "Project",
  profile: "Profile",
  tag: "Tag",
  machine: "Machine",
  cli: "CLI",
};

export interface FilterBarProps {
  readonly views: readonly AgentView[];
  readonly query: FleetQuery;
}

export function FilterBar({ views, query }: FilterBarProps) {
  const chosen = filterKeys.filter((key) => query.facets[key] !== "");
  return (
    <search class="filter-bar" aria-label="Agents">
      <form id="fleet-filter" method="get" action="/">
        <div class="filter-line">
          <input
            type="search"
            name="q"
            id="search"
            value={query.q}
            placeholder="Search, or tag:api -status:idle"
            aria-label="Search agents"
            aria-keyshortcuts="/"
            autocomplete="off"
            spellcheck={false}
          />
          <label class="picker">
            <span>Group by</span>
            <select name="group">
              {groupings.map((grouping) => (
                <option value={grouping} selected={grouping === query.group}>
                  {grouping}
                </option>
              ))}
            </select>
          </label>
          <button type="submit">Show</button>
          {isFiltered(query) && (
            <a class="clear" href={fleetAddress(withoutFilter(query))}>
              Clear the filter
            </a>
          )}
          <details class="views" id="saved-views">
            <summary>Views</summary>
            <div class="views-sheet">
              <ul id="view-list" />
              <label for="view-name">Save what is shown now as</label>
              <div class="view-line">
                <input id="view-name" maxlength={40} autocomplete="off" data-view-name />
                <button type="button" data-save-view>
                  Save
                </button>
              </div>
              <p class="quiet">Views are kept in this browser only.</p>
            </div>
          </details>
        </div>
        <details class="facets" open={chosen.length > 0}>
          <summary>Filters{chosen.length > 0 && ` (${chosen.length})`}</summary>
          <div class="facet-list">
            {filterKeys.map((key) => (
              <Facet name={key} views={views} value={query.facets[key]} />
            ))}
          </div>
        </details>
        {query.sort !== undefined && <input type="hidden" name="sort" value={sortParam(query.sort)} />}
      </form>
    </search>
  );
}

function Facet({ name, views, value }: { name: FilterKey; views: readonly AgentView[]; value: string }) {
  const counts = new Map<string, number>();
  for (const view of views) {
    const [first = ""] = valuesOf(view, name);
    for (const each of name === "tag" ? valuesOf(view, name) : [first]) {
      counts.set(each, (counts.get(each) ?? 0) + 1);
    }
  }
  // What the address asks for stays chosen, even if no agent has it now.
  if (value !== "" && !counts.has(value)) counts.set(value, 0);
  return (
    <label class="picker">
      <span>{facetNames[name]}</span>
      <select name={name}>
        <option value="">all</option>
        {[...counts].sort().map(([each, count]) => (
          <option value={each} selected={each === value}>
            {name === "project" ? folderOf(each) : each} ({count})
          </option>
        ))}
      </select>
    </label>
  );
}

/** What the filter hides, and how to see it; empty without a filter. */
export function FilterNote({ query, shown, hidden }: { query: FleetQuery; shown: number; hidden: number }) {
  const isShown = isFiltered(query);
  return (
    <p id="filter-note" class="filter-note" hidden={!isShown}>
      {isShown && (
        <>
          {shown === 0 ? "No agent matches " : `${shown} ${shown === 1 ? "agent matches" : "agents match"} `}
          <code>{filterText(filterOf(query))}</code>. {hidden} {hidden === 1 ? "is" : "are"} hidden.{" "}
          <a href={fleetAddress(withoutFilter(query))}>Show all {shown + hidden}</a>
        </>
      )}
    </p>
  );
}
