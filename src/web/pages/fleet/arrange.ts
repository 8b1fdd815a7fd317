// Decides which agents the fleet page shows, in which groups, and in which order. Pure.
import { type AgentView, unknownText } from "../../../domain/fleet/agent-view.ts";
import { badgeOf } from "../../../domain/fleet/needs/badge.ts";
import { folderOf, matchesFilter, valuesOf } from "../../../domain/fleet/shown/agent-filter.ts";
import { lastSignOf } from "../../../domain/fleet/shown/last-action.ts";
import { countSections, sectionOf, sections, sectionTitles } from "../../../domain/fleet/shown/sections.ts";
import { shownCli } from "../../../domain/fleet/shown/shown-cli.ts";
import { compareText, waitsSince } from "../../../domain/fleet/shown/sort-agents.ts";
import { type Column, type FleetQuery, filterOf, type Grouping } from "./fleet-query.ts";

export interface FleetGroup {
  /** The end of the ids of its elements: `list-ID`, `count-ID`, `more-ID`. Without spaces. */
  readonly id: string;
  readonly title: string;
  /** The agents that are shown, in their order. */
  readonly shown: readonly AgentView[];
  /** How many it has in all. */
  readonly count: number;
  /** The number at its head: of those that need a person how many needs they have, as in the bar; else `count`. */
  readonly figure: number;
}

export interface Arrangement {
  readonly groups: readonly FleetGroup[];
  /** All agents that match, by id. */
  readonly matching: readonly AgentView[];
  /** How many the filter leaves out. */
  readonly hidden: number;
}

/** A group shows so many of its agents, unless a person asks for all. */
export const mostInGroup = 200;

/** @param views all agents, ordered by id */
export function arrange(views: readonly AgentView[], query: FleetQuery): Arrangement {
  const filter = filterOf(query);
  const matching = filter.length === 0 ? views : views.filter((view) => matchesFilter(view, filter));
  const members = new Map<string, AgentView[]>();
  // Sections are there even if they are empty, so that an agent that changes its section finds its place.
  if (query.group === "state") for (const section of sections) members.set(section, []);
  for (const view of matching) {
    const key = groupKeyOf(view, query.group);
    const group = members.get(key);
    if (group === undefined) members.set(key, [view]);
    else group.push(view);
  }
  const most = query.isWhole ? Number.POSITIVE_INFINITY : mostInGroup;
  const groups = [...members].map(([key, all]) => ({
    id: groupId(key),
    title: titleOf(key, query.group),
    shown: inOrder(all, query).slice(0, most),
    count: all.length,
    figure: query.group === "state" && key === "needs-you" ? countSections(all)["needs-you"] : all.length,
  }));
  if (query.group !== "state") groups.sort((one, other) => compareText(one.title, other.title));
  return { groups, matching, hidden: views.length - matching.length };
}

/** The id of the group in which an agent stands. */
export function groupIdOf(view: AgentView, { group }: Pick<FleetQuery, "group">): string {
  return groupId(groupKeyOf(view, group));
}

function groupKeyOf(view: AgentView, group: Grouping): string {
  switch (group) {
    case "state":
      return sectionOf(view);
    case "project":
      return view.project_path;
    // An agent stands in one group only, so those with the same tags are one group.
    case "tag":
      return view.tags.join(", ");
    case "profile":
    case "machine":
      return valuesOf(view, group)[0] ?? unknownText;
  }
}

function groupId(key: string): string {
  return key === "" ? "none" : encodeURIComponent(key);
}

function titleOf(key: string, group: Grouping): string {
  if (group === "state") return sectionTitles[key as keyof typeof sectionTitles];
  if (group === "tag") return key === "" ? "No tag" : key;
  if (key === unknownText) return `${group.charAt(0).toUpperCase()}${group.slice(1)} unknown`;
  return key;
}

function inOrder(views: readonly AgentView[], query: FleetQuery): readonly AgentView[] {
  const direction = query.sort?.isDown === true ? -1 : 1;
  const keyed = views.map((view) => ({ view, key: orderKey(view, query) }));
  // Equal ones stay ordered by id.
  return keyed.sort((one, other) => direction * compareText(one.key, other.key)).map(({ view }) => view);
}

/**
 * A text by which the agents of a group are ordered; the page's script compares it, too. Equal texts are ordered by id. Figures have a fixed
 * number of digits, so that they are ordered as texts.
 */
export function orderKey(view: AgentView, { sort }: Pick<FleetQuery, "sort">): string {
  if (sort === undefined) return waitsSince(view);
  return keys[sort.by](view);
}

const figure = (value: number) => Math.round(value).toString().padStart(12, "0");

const keys: Readonly<Record<Column, (view: AgentView) => string>> = {
  agent: ({ agent_id }) => agent_id.toLowerCase(),
  status: (view) => badgeOf(view).text,
  task: ({ task }) => task.text.toLowerCase(),
  cli: (view) => shownCli(view)?.name ?? "",
  project: ({ project_path }) => folderOf(project_path).toLowerCase(),
  cost: ({ usage }) => (usage?.estimated_cost === undefined ? "" : figure(usage.estimated_cost * 10_000)),
  queue: ({ queued }) => figure(queued),
  heard: (view) => lastSignOf(view) ?? "",
};
