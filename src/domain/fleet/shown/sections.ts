// Groups agents by what a person has to do about them, and counts them. Pure.
import type { AgentView } from "../agent-view.ts";
import { isHeldBack } from "../axes.ts";

/** In the order of the page: those that need a person first. */
export const sections = ["needs-you", "working", "paused", "idle", "away"] as const;
export type Section = (typeof sections)[number];

export const sectionTitles: Record<Section, string> = {
  "needs-you": "Needs you",
  working: "Working",
  paused: "Paused",
  idle: "Idle",
  away: "Away",
};

export function sectionOf({ axes, needs }: AgentView): Section {
  if (needs.length > 0) return "needs-you";
  if (axes.link.value !== "online") return "away";
  if (isHeldBack(axes)) return "paused";
  const { value } = axes.activity;
  const isBusy = value === "working" || value === "retrying" || value === "starting";
  return axes.control.value !== "stopped" && isBusy ? "working" : "idle";
}

/** What is counted, in the order of the words. */
const counted = ["needs-you", "working", "starting", "stopping", "paused", "idle", "away"] as const;
type Counted = (typeof counted)[number];

/** The section; but who starts or stops has a count of its own, because it stands in the section of who works or rests. */
function countedAs(view: AgentView): Counted {
  const section = sectionOf(view);
  const { status } = view;
  const isBetween = status === "starting" || status === "stopping";
  return isBetween && (section === "working" || section === "idle") ? status : section;
}

/** How many agents there are of each kind; of `needs-you` how many needs they have, for one agent may ask twice. */
export interface FleetCounts extends Readonly<Record<Counted, number>> {
  /** The agents in the section `needs-you`. */
  readonly agentsInNeed: number;
  /** Those of them that cannot go on by themselves: stuck, or at a limit. */
  readonly stuck: number;
}

export function countSections(views: readonly AgentView[]): FleetCounts {
  const none = { "needs-you": 0, working: 0, starting: 0, stopping: 0, paused: 0, idle: 0, away: 0 };
  const counts = { ...none, agentsInNeed: 0, stuck: 0 };
  for (const view of views) {
    const { needs } = view;
    const kind = countedAs(view);
    counts[kind] += kind === "needs-you" ? needs.length : 1;
    if (kind === "needs-you") counts.agentsInNeed += 1;
    if (needs.some(({ kind }) => kind === "stuck" || kind === "limit")) counts.stuck += 1;
  }
  return counts;
}

/** `3 need you (1 stuck) · 8 working · 1 starting · 2 paused · 1 idle · 2 away`. A count of 0 is left out, except the first. */
export function countsText(counts: FleetCounts): string {
  if (counted.every((kind) => counts[kind] === 0)) return "no agents yet";
  const needs = counts["needs-you"];
  const more = inNeedText(counts);
  const phrases = [`${needs} ${needs === 1 ? "needs" : "need"} you${more === "" ? "" : ` (${more})`}`];
  for (const kind of counted) {
    if (kind !== "needs-you" && counts[kind] > 0) phrases.push(`${counts[kind]} ${kind}`);
  }
  return phrases.join(" · ");
}

/** What stands behind the number of needs: `2 agents`, if it is not one need each, and `1 stuck`. */
function inNeedText({ "needs-you": needs, agentsInNeed, stuck }: FleetCounts): string {
  const agents = `${agentsInNeed} ${agentsInNeed === 1 ? "agent" : "agents"}`;
  return [needs === agentsInNeed ? "" : agents, stuck === 0 ? "" : `${stuck} stuck`]
    .filter(Boolean)
    .join(", ");
}
