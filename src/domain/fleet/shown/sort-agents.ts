// Orders agents for a list. Pure.
import type { AgentView } from "../agent-view.ts";
import { sectionOf, sections } from "./sections.ts";

export const sortings = ["need", "name", "heard", "cost"] as const;

/**
 * `need`: who needs a person, then who works, is idle, is away. Of those that need a person, the one that has waited longest is the first;
 * the others keep their place, by id. `heard`: who was heard last. `cost`: who has cost most.
 */
export type Sorting = (typeof sortings)[number];

/** A sorted copy. Agents that are equal in it are ordered by id. */
export function sortAgents<View extends AgentView>(agents: readonly View[], by: Sorting): View[] {
  const compare = comparisons[by];
  return agents.toSorted((one, other) => compare(one, other) || compareText(one.agent_id, other.agent_id));
}

/** As by `need`, but from its end: those that need a person last, the one that has waited longest at the very end. */
export function needLast<View extends AgentView>(agents: readonly View[]): View[] {
  const sorted = sortAgents(agents, "need");
  return sections.toReversed().flatMap((section) => {
    const group = sorted.filter((agent) => sectionOf(agent) === section);
    return section === "needs-you" ? group.reverse() : group;
  });
}

const comparisons: Readonly<Record<Sorting, (one: AgentView, other: AgentView) => number>> = {
  need: (one, other) => {
    const [section, others] = [sectionOf(one), sectionOf(other)];
    if (section !== others) return sections.indexOf(section) - sections.indexOf(others);
    return section === "needs-you" ? compareText(waitsSince(one), waitsSince(other)) : 0;
  },
  name: () => 0,
  heard: (one, other) => compareText(other.last_seen ?? "", one.last_seen ?? ""),
  cost: (one, other) => costOf(other) - costOf(one),
};

/** Since when the agent needs a person, RFC 3339; "" if it does not. */
export function waitsSince({ needs }: AgentView): string {
  return needs.map(({ since }) => since).toSorted()[0] ?? "";
}

function costOf({ usage }: AgentView): number {
  return usage?.estimated_cost ?? -1;
}

/** By code units, as the page's script compares, too. */
export function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
