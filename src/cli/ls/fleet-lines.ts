// What `cliai ls` prints for people: the table, the counts, and what to do about some of the agents.
import type { AgentView } from "../../domain/fleet/agent-view.ts";
import { closedTerminalHint } from "../../domain/fleet/axis/closed-terminal.ts";
import { countSections, countsText } from "../../domain/fleet/shown/sections.ts";
import { isResumable, ownWayBack } from "../../domain/fleet/shown/way-back.ts";
import type { SpentToday } from "../../domain/spending/spent-today.ts";
import { momentText } from "../fleet/last-known.ts";
import { spentLine } from "../fleet/usage-lines.ts";
import type { CliContext } from "../frame/context.ts";
import { paint } from "../frame/terminal.ts";
import { fleetTable } from "./fleet-table.ts";
import { inOrder, isListed, isSelected, type Selection } from "./selection.ts";

/** The fleet at a time. */
export interface ShownFleet {
  readonly views: readonly AgentView[];
  readonly now: Date;
  /** Set if this is the last known state, of this time. */
  readonly asOf?: Date | undefined;
  /** What was spent today; undefined if no serve has told it. */
  readonly spentToday?: SpentToday | undefined;
}

export interface ListedFleet {
  /** In the order of `ids`, of JSON, and of the table. */
  readonly agents: readonly AgentView[];
  /** How many match, listed or not. */
  readonly selected: number;
  /** How many match and are left out, because they went long ago. */
  readonly left: number;
}

export function listFleet({ views, now }: ShownFleet, selection: Selection, isTable: boolean): ListedFleet {
  const selected = views.filter((agent) => isSelected(agent, selection));
  const agents = selection.isAll ? selected : selected.filter((agent) => isListed(agent, now));
  return {
    agents: inOrder(agents, selection, isTable),
    selected: selected.length,
    left: selected.length - agents.length,
  };
}

export interface FleetLines {
  /** The result. */
  readonly lines: readonly string[];
  /** What is said about it on stderr. */
  readonly notes: readonly string[];
}

export function fleetLines(
  fleet: ShownFleet,
  selection: Selection,
  context: Pick<CliContext, "isTerminal" | "columns" | "color">,
): FleetLines {
  const { views, now, asOf, spentToday } = fleet;
  const { agents, selected, left } = listFleet(fleet, selection, true);
  if (views.length === 0) return { lines: [], notes: ["no agent yet; launch one: cliai spawn demo"] };
  if (selected === 0) return { lines: [], notes: [noneText(views, selection)] };
  const dated = asOf === undefined ? [] : [paint(`as of ${momentText(asOf)}`, "yellow", context.color)];
  const notes = [...closedLines(agents), ...resumeLines(agents), ...(left > 0 ? [leftOut(left)] : [])];
  if (agents.length === 0) return { lines: dated, notes };
  return {
    lines: [
      ...dated,
      ...fleetTable(agents, now, context),
      countsText(countSections(agents)),
      paint(spentLine(spentToday, selectedIds(agents, selection)), "dim", context.color),
    ],
    notes,
  };
}

/** Undefined if all agents are meant: then what hidden and removed agents have spent counts, too. */
function selectedIds(agents: readonly AgentView[], selection: Selection): ReadonlySet<string> | undefined {
  const { ids, status, profile, project, filter, needsYou } = selection;
  const isSome = [status, profile, project].some((word) => word !== undefined);
  return isSome || needsYou || ids.length + filter.length > 0
    ? new Set(agents.map(({ agent_id }) => agent_id))
    : undefined;
}

function noneText(views: readonly AgentView[], { needsYou }: Selection): string {
  if (needsYou && countSections(views)["needs-you"] === 0)
    return `nothing needs you: ${countsText(countSections(views))}`;
  return `none of the ${views.length} known agents matches; list all: cliai ls --all`;
}

export function leftOut(count: number): string {
  return `${count} more went over an hour ago; list them too: cliai ls --all`;
}

/** For each agent that waits at a terminal that was closed: what to do. */
function closedLines(agents: readonly AgentView[]): string[] {
  return agents.flatMap((agent) => {
    const { hint } = agent.axes.attention;
    return hint !== undefined && hint === closedTerminalHint(agent) ? [`${agent.agent_id}: ${hint}`] : [];
  });
}

/** How the agents that have crashed or disconnected come back: a line for those that cliai launched, and one for the others. */
export function resumeLines(agents: readonly AgentView[]): string[] {
  const lost = agents.filter(({ status }) => status === "crashed" || status === "disconnected");
  const idsOf = (views: readonly AgentView[]) => views.map(({ agent_id }) => agent_id);
  const launched = idsOf(lost.filter(isResumable));
  const others = lost.filter((view) => ownWayBack(view) !== undefined);
  const [other] = others;
  return [
    ...(launched.length === 0 ? [] : [`go on: cliai resume ${launched.join(" ")}`]),
    ...(other === undefined
      ? []
      : [`not launched by cliai: ${idsOf(others).join(", ")}; ${ownWayBack(other)}`]),
  ];
}
