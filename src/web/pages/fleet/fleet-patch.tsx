/** @jsxImportSource hono/jsx */
// What has changed on an open fleet page. An event that changes nothing visible costs no bytes: a row is sent only if more than its time
// has changed, and the times of all rows follow together, now and then.
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { lastSignOf } from "../../../domain/fleet/shown/last-action.ts";
import type { Caller } from "../../access/caller.ts";
import type { FleetStep } from "../../api/fleet-cursor.ts";
import { type ChangedParts, createChangedParts, type Part } from "../changed-parts.ts";
import type { MadePage } from "../made-pages.ts";
import { markupFor } from "../viewer/viewer.tsx";
import { AgentCard } from "./agent-card.tsx";
import { AgentRow } from "./agent-row.tsx";
import { type Arrangement, arrange } from "./arrange.ts";
import { FilterNote } from "./filter-bar.tsx";
import { asCards, FleetContent, type FleetPageProps } from "./fleet-page.tsx";
import type { FleetQuery } from "./fleet-query.ts";
import { MoreRow } from "./fleet-table.tsx";
import { GroupCount } from "./group-count.tsx";
import { type Layout, layoutOf } from "./layouts.ts";
import { Strip, StripCell, StripText } from "./strip.tsx";

/** How often the times are sent when they alone have changed. */
export const agesEveryMs = 10_000;
const minuteMs = 60_000;

export interface FleetChanges {
  /** The markup of the parts that have changed. */
  readonly html: readonly string[];
  /** The agents that the page shows no longer. */
  readonly gone: readonly string[];
  /** When an agent last did something, RFC 3339, by its id. */
  readonly ages: Readonly<Record<string, string>>;
}

export interface FleetPatchOptions extends Pick<FleetPageProps, "activityOf" | "spawnCommand" | "listening"> {
  readonly query: FleetQuery;
  /** The layout that the page has now. */
  readonly layout: Layout;
  /** What the page has, if it is known. */
  readonly made?: MadePage | undefined;
  /** Whoever looks at the page. */
  readonly viewer?: Caller;
}

/** Returns a function that tells what has changed since its last call; `step` is undefined if no agent has. */
export function createFleetPatch(
  options: FleetPatchOptions,
): (step: FleetStep | undefined, views: readonly AgentView[], now: Date) => FleetChanges {
  const { query, activityOf, made, viewer } = options;
  const parts = createChangedParts(viewer);
  const strip = createStripPatch(parts, made?.matching);
  const aged = createAges();
  /** The times that the browser has, or will have with the next ages. */
  const signs = new Map<string, string | undefined>();
  let { layout } = options;
  let shown = made?.listed;
  let groups = made?.groups.join(" ");
  let hasNoted = false;
  let minute = 0;

  const entry = (view: AgentView, now: Date): Part => {
    const { html, key } =
      layout === "table"
        ? rowMarkup(view, query, now)
        : keyed(
            markupFor(viewer, <AgentCard view={view} activity={activityOf(view.agent_id)} now={now} />),
            false,
          );
    return { id: `agent-${view.agent_id}`, part: html, key };
  };
  /** All parts but the agents and their cells. */
  const frameParts = (arrangement: Arrangement, changed: ReadonlySet<string>): Part[] => [
    { id: "filter-note", part: noteOf(query, arrangement) },
    ...(layout === "table" ? strip.partsOf(arrangement.matching, changed) : []),
    ...arrangement.groups.flatMap((group) => [
      { id: `count-${group.id}`, part: <GroupCount id={group.id} count={group.figure} /> },
      ...(layout === "table"
        ? [{ id: `more-${group.id}`, part: <MoreRow group={group} query={query} /> }]
        : []),
    ]),
  ];
  /** Notes that the browser has all of this, except the `changed` agents, and those that it has not had, if that is known. */
  const note = (
    arrangement: Arrangement,
    changed: ReadonlySet<string>,
    now: Date,
    had?: ReadonlySet<string>,
  ) => {
    const listed = arrangement.groups.flatMap((group) => group.shown);
    const same = listed.filter(({ agent_id }) => !changed.has(agent_id) && had?.has(agent_id) !== false);
    parts.take(same.map((view) => entry(view, now)));
    for (const view of same) signs.set(view.agent_id, lastSignOf(view));
    if (layout === "table") strip.note(arrangement.matching, changed);
    if (changed.size === 0) parts.take(frameParts(arrangement, changed));
  };

  return (step, views, now) => {
    const isNewMinute = layout === "cards" && Math.floor(now.getTime() / minuteMs) !== minute;
    if (step === undefined && !isNewMinute) return { html: [], gone: [], ages: aged.due(now) };
    minute = Math.floor(now.getTime() / minuteMs);
    const before = layout;
    layout = layoutOf(views.length);
    const arrangement = arrange(views, layout === "table" ? query : asCards(query));
    const listed = arrangement.groups.flatMap((group) => group.shown);
    const groupIds = arrangement.groups.map(({ id }) => id).join(" ");
    // What the browser shows is not known at first. It matters if groups come and go, or if they are cut.
    const isUnsure =
      shown === undefined && layout === "table" && (query.group !== "state" || isCut(arrangement));
    const isWhole =
      step?.kind === "whole" || layout !== before || (groups ?? groupIds) !== groupIds || isUnsure;
    const previous = shown;
    shown = new Set(listed.map(({ agent_id }) => agent_id));
    groups = groupIds;
    const isFirst = !hasNoted;
    hasNoted = true;
    if (isWhole) {
      parts.forgetAll();
      aged.clear();
      note(arrangement, new Set(), now);
      const html = [markupFor(viewer, <FleetContent {...options} query={query} views={views} now={now} />)];
      return { html, gone: [], ages: {} };
    }
    const changed = new Set<string>(step?.kind === "changed" ? step.ids : []);
    const isNow = shown;
    const gone = [...(previous ?? changed)].filter((id) => !isNow.has(id));
    for (const id of gone) parts.forget(`agent-${id}`);
    if (isFirst) note(arrangement, changed, now, previous);
    const html = parts.take(frameParts(arrangement, changed));
    for (const view of listed) {
      const { agent_id } = view;
      const sign = lastSignOf(view);
      const isNew = previous !== undefined && !previous.has(agent_id);
      if (!isNew && !isNewMinute && !changed.has(agent_id)) continue;
      const fresh = parts.take([entry(view, now)]);
      html.push(...fresh);
      if (fresh.length > 0) aged.delete(agent_id);
      else if (sign !== undefined && sign !== signs.get(agent_id)) aged.set(agent_id, sign);
      signs.set(agent_id, sign);
    }
    return { html, gone, ages: aged.due(now) };
  };
}

/** When agents last did something, by their ids, until these times are due. */
function createAges() {
  const aged = new Map<string, string>();
  let sentAtMs: number | undefined;
  return {
    set: (id: string, at: string) => aged.set(id, at),
    delete: (id: string) => aged.delete(id),
    clear: () => aged.clear(),
    /** All of them every {@link agesEveryMs}, and none in between. */
    due(now: Date): Readonly<Record<string, string>> {
      sentAtMs ??= now.getTime();
      if (aged.size === 0 || now.getTime() - sentAtMs < agesEveryMs) return {};
      sentAtMs = now.getTime();
      const ages = Object.fromEntries(aged);
      aged.clear();
      return ages;
    },
  };
}

/** The cells of the strip. It is sent whole when agents come to it or leave it. */
function createStripPatch(parts: ChangedParts, made: readonly string[] | undefined) {
  let shown = made?.join(" ");
  const idsOf = (views: readonly AgentView[]) => views.map(({ agent_id }) => agent_id).join(" ");
  const cellsOf = (views: readonly AgentView[]): Part[] => [
    { id: "strip-text", part: <StripText views={views} /> },
    ...views.map((view) => ({ id: `cell-${view.agent_id}`, part: <StripCell view={view} /> })),
  ];
  /** Notes that the browser has these cells, except those of the `changed` agents. */
  const note = (views: readonly AgentView[], changed: ReadonlySet<string>) => {
    if (changed.size === 0) shown = idsOf(views);
    parts.take(cellsOf(views.filter(({ agent_id }) => !changed.has(agent_id))));
  };
  return {
    note,
    partsOf(views: readonly AgentView[], changed: ReadonlySet<string>): Part[] {
      if (shown !== idsOf(views)) {
        note(views, new Set());
        return [{ id: "strip", part: <Strip views={views} /> }];
      }
      const [text, ...cells] = cellsOf(views.filter(({ agent_id }) => changed.has(agent_id)));
      return text === undefined ? [] : [{ ...text, part: <StripText views={views} /> }, ...cells];
    },
  };
}

function noteOf(query: FleetQuery, { matching, hidden }: Arrangement) {
  return <FilterNote query={query} shown={matching.length} hidden={hidden} />;
}

function isCut({ groups }: Arrangement): boolean {
  return groups.some(({ shown, count }) => shown.length < count);
}

interface Markup {
  readonly html: string;
  /** The markup without the time at which the agent last did something. */
  readonly key: string;
}

const heard = /<(td|span)[^>]* class="heard">.*?<\/\1>/s;
const orderOf = / data-order="[^"]*"/;

/**
 * The rows of each view. All open pages have the same views, so a row is made only once for all pages with the same order and groups. A row has
 * nothing that acts, so it is the same for all viewers.
 */
const drawn = new WeakMap<AgentView, Map<string, Markup>>();

function rowMarkup(view: AgentView, query: FleetQuery, now: Date): Markup {
  const { sort, group } = query;
  const name = `${group} ${sort?.by}`;
  const known = drawn.get(view) ?? new Map<string, Markup>();
  drawn.set(view, known);
  const markup =
    known.get(name) ?? keyed(String(<AgentRow view={view} query={query} now={now} />), sort?.by === "heard");
  known.set(name, markup);
  return markup;
}

/** @param isOrderedByTime then its place is not worth sending either */
function keyed(html: string, isOrderedByTime: boolean): Markup {
  const key = html.replace(heard, "");
  return { html, key: isOrderedByTime ? key.replace(orderOf, "") : key };
}
