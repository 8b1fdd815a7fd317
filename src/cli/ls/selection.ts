// Which agents `cliai ls` lists, and in which order.
import { resolve } from "node:path";
import type { AgentView } from "../../domain/fleet/agent-view.ts";
import { type AgentFilter, matchesFilter, parseFilter } from "../../domain/fleet/shown/agent-filter.ts";
import { sectionOf } from "../../domain/fleet/shown/sections.ts";
import { needLast, type Sorting, sortAgents } from "../../domain/fleet/shown/sort-agents.ts";
import type { CliContext } from "../frame/context.ts";

/** Which agents to list. A field that is undefined leaves no agent out. */
export interface Selection {
  readonly ids: readonly string[];
  /** Also those that have been gone for more than an hour. */
  readonly isAll: boolean;
  readonly status: string | undefined;
  readonly profile: string | undefined;
  readonly project: string | undefined;
  readonly filter: AgentFilter;
  /** Only those that need a person. */
  readonly needsYou: boolean;
  /** Undefined: those that need a person last, next to the prompt; as JSON and with `isQuiet` by id. */
  readonly sort: Sorting | undefined;
  /** Whether to print only the ids. */
  readonly isQuiet: boolean;
}

/** The flags of `ls` that choose agents. */
export interface SelectionArgs {
  readonly all?: boolean | undefined;
  readonly "needs-you"?: boolean | undefined;
  readonly status?: string | undefined;
  readonly profile?: string | undefined;
  readonly project?: string | undefined;
  readonly filter?: string | undefined;
  readonly sort?: Sorting | undefined;
  readonly quiet?: boolean | undefined;
}

export function selectionOf(
  args: SelectionArgs,
  ids: readonly string[],
  { cwd }: Pick<CliContext, "cwd">,
): Selection {
  const { status, profile, project, filter, sort } = args;
  return {
    // A person who names an agent or a status wants to see it, even if it has been gone for long.
    isAll: args.all === true || status !== undefined || ids.length > 0,
    project: project === undefined ? undefined : resolve(cwd, project),
    filter: parseFilter(filter ?? ""),
    ...{ ids, status, profile, sort },
    needsYou: args["needs-you"] === true,
    isQuiet: args.quiet === true,
  };
}

/** Whether the agent is one of those that were asked for, even if it has been gone for long. */
export function isSelected(agent: AgentView, selection: Selection): boolean {
  const { agent_id, status, config_name, project_path } = agent;
  const { ids, profile, project, filter, needsYou } = selection;
  return (
    (ids.length === 0 || ids.includes(agent_id)) &&
    (selection.status ?? status) === status &&
    (profile ?? config_name) === config_name &&
    (project ?? project_path) === project_path &&
    (!needsYou || sectionOf(agent) === "needs-you") &&
    matchesFilter(agent, filter)
  );
}

/** An agent that is away is listed for this long after its last sign of life, even without `--all`. */
const listedForMs = 3_600_000;

/** Whether to list an agent without `--all`: it is online, needs a person, or was heard within the last hour. */
export function isListed({ axes, needs, last_seen, first_seen }: AgentView, now: Date): boolean {
  if (axes.link.value === "online" || needs.length > 0) return true;
  return now.getTime() - Date.parse(last_seen ?? first_seen) <= listedForMs;
}

/** @param isTable whether a person reads the list from its end */
export function inOrder(
  agents: readonly AgentView[],
  { sort }: Pick<Selection, "sort">,
  isTable: boolean,
): AgentView[] {
  if (isTable && (sort === undefined || sort === "need")) return needLast(agents);
  return sortAgents(agents, sort ?? "name");
}
