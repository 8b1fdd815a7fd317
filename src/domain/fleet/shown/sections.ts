// Groups agents by what a person has to do about them. Pure.
import type { AgentView } from "../agent-view.ts";

/** In the order of the page: those that need a person first. */
export const sections = ["needs-you", "working", "idle", "away"] as const;
export type Section = (typeof sections)[number];

export const sectionTitles: Record<Section, string> = {
  "needs-you": "Needs you",
  working: "Working",
  idle: "Idle",
  away: "Away",
};

export function sectionOf({ axes }: AgentView): Section {
  if (axes.attention.value !== "none") return "needs-you";
  if (axes.link.value !== "online") return "away";
  const isPaused = axes.control.value === "paused" || axes.control.value === "stopped";
  const { value } = axes.activity;
  const isBusy = value === "working" || value === "retrying" || value === "starting";
  return !isPaused && isBusy ? "working" : "idle";
}

export function groupBySection(views: readonly AgentView[]): Record<Section, AgentView[]> {
  const groups: Record<Section, AgentView[]> = { "needs-you": [], working: [], idle: [], away: [] };
  for (const view of views) groups[sectionOf(view)].push(view);
  return groups;
}

export type FleetCounts = Readonly<Record<Section, number>>;

export function countSections(views: readonly AgentView[]): FleetCounts {
  const counts = { "needs-you": 0, working: 0, idle: 0, away: 0 };
  for (const view of views) counts[sectionOf(view)] += 1;
  return counts;
}

/** `3 need you · 8 working · 1 idle · 2 away`. A count of 0 is left out, except the first. */
export function countsText(counts: FleetCounts): string {
  if (sections.every((section) => counts[section] === 0)) return "no agents yet";
  const phrases = [`${counts["needs-you"]} ${counts["needs-you"] === 1 ? "needs" : "need"} you`];
  for (const section of ["working", "idle", "away"] as const) {
    if (counts[section] > 0) phrases.push(`${counts[section]} ${section}`);
  }
  return phrases.join(" · ");
}
