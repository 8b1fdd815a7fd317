// `cliai ls`: lists the fleet, one line an agent.
import { resolve } from "node:path";
import type { ArgsDef } from "citty";
import { type AgentView, unknownText } from "../../domain/fleet/agent-view.ts";
import { closedTerminalHint } from "../../domain/fleet/axis/closed-terminal.ts";
import { shownCli } from "../../domain/fleet/shown/shown-cli.ts";
import { shownModelRequest } from "../../domain/fleet/shown/shown-model-request.ts";
import { isResumable, ownWayBack } from "../../domain/fleet/shown/way-back.ts";
import { statusWords } from "../../domain/fleet/status-look.ts";
import { spanText } from "../../domain/text/moment.ts";
import { type Arguments, defineCliCommand } from "../frame/command.ts";
import type { CliContext } from "../frame/context.ts";
import { alignRows, cut, paint, plain, widthOf } from "../frame/terminal.ts";
import { clientArgs } from "./client.ts";
import { type FleetReading, viewsOf } from "./fleet-reading.ts";
import { momentText, showFleet } from "./last-known.ts";
import { statusMark } from "./status-mark.ts";
import { totalLine } from "./usage-lines.ts";

const lsArgs = {
  agent: { type: "positional", required: false, description: "ids of the agents to list" },
  all: { type: "boolean", description: "also list the agents that have been gone for more than an hour" },
  status: {
    type: "enum",
    options: [...statusWords, unknownText],
    valueHint: "WORD",
    description: "list only the agents with this status, even if they have been gone for long:",
  },
  profile: { type: "string", valueHint: "NAME", description: "list only the agents of this profile" },
  project: {
    type: "string",
    valueHint: "DIR",
    description: "list only the agents that work in this directory",
  },
  quiet: {
    type: "boolean",
    alias: "q",
    description: "print only the ids: cliai ls -q | xargs cliai send stop",
  },
  ...clientArgs,
} as const satisfies ArgsDef;

type LsArgs = Arguments<typeof lsArgs>;

export const lsCommand = defineCliCommand({
  name: "ls",
  description: "list the agents that are online, need you, or were heard of within the last hour",
  args: lsArgs,
  takesMore: true,
  async run(args, context, more) {
    const ids = args.agent === undefined ? [] : [args.agent, ...more];
    return await showFleet(
      args,
      context,
      async (fleet) => {
        for (const id of ids) await fleet.require(id);
        return await fleet.all();
      },
      (reading) => printFleet(reading, selectionOf(args, ids, context), context),
    );
  },
});

/** Which agents to list. A field that is undefined leaves no agent out. */
export interface Selection {
  readonly ids: readonly string[];
  /** Also those that have been gone for more than an hour. */
  readonly isAll: boolean;
  readonly status: string | undefined;
  readonly profile: string | undefined;
  readonly project: string | undefined;
  /** Whether to print only the ids. */
  readonly isQuiet: boolean;
}

function selectionOf(args: LsArgs, ids: readonly string[], { cwd }: CliContext): Selection {
  const { status, profile, project } = args;
  return {
    // A person who names an agent or a status wants to see it, even if it has been gone for long.
    isAll: args.all === true || status !== undefined || ids.length > 0,
    project: project === undefined ? undefined : resolve(cwd, project),
    ...{ ids, status, profile, isQuiet: args.quiet === true },
  };
}

/** Whether the agent is one of those that were asked for, even if it has been gone for long. */
export function isSelected(
  { agent_id, status, config_name, project_path }: AgentView,
  selection: Selection,
): boolean {
  const { ids, profile, project } = selection;
  return (
    (ids.length === 0 || ids.includes(agent_id)) &&
    (selection.status ?? status) === status &&
    (profile ?? config_name) === config_name &&
    (project ?? project_path) === project_path
  );
}

function printFleet(reading: FleetReading, selection: Selection, context: CliContext): void {
  const { now, asOf } = reading;
  const known = viewsOf(reading);
  const selected = known.filter((agent) => isSelected(agent, selection));
  const agents = selection.isAll ? selected : selected.filter((agent) => isListed(agent, now));
  const left = selected.length - agents.length;
  if (selection.isQuiet) {
    const ids = agents.map(({ agent_id }) => agent_id);
    if (context.json) context.print(JSON.stringify(ids));
    else for (const id of ids) context.print(id);
    return;
  }
  if (context.json) {
    const dated =
      asOf === undefined ? agents : agents.map((agent) => ({ ...agent, as_of: asOf.toISOString() }));
    context.print(JSON.stringify(dated));
    if (left > 0) context.note(leftOut(left));
    return;
  }
  if (known.length === 0) {
    context.note("no agent yet; launch one: cliai spawn demo");
    return;
  }
  if (selected.length === 0) {
    context.note(`none of the ${known.length} known agents matches; list all: cliai ls --all`);
    return;
  }
  if (asOf !== undefined) context.print(paint(`as of ${momentText(asOf)}`, "yellow", context.color));
  for (const line of fleetTable(agents, now, context)) context.print(line);
  context.print(paint(totalLine(agents, now), "dim", context.color));
  for (const line of [...closedLines(agents), ...resumeLines(agents)]) context.note(line);
  if (left > 0) context.note(leftOut(left));
}

function leftOut(count: number): string {
  return `${count} more went over an hour ago; list them too: cliai ls --all`;
}

/** An agent that is away is listed for this long after its last sign of life, even without `--all`. */
const listedForMs = 3_600_000;

/** Whether to list an agent without `--all`: it is online, needs attention, or was heard within the last hour. */
export function isListed({ axes, last_seen, first_seen }: AgentView, now: Date): boolean {
  if (axes.link.value === "online" || axes.attention.value !== "none") return true;
  return now.getTime() - Date.parse(last_seen ?? first_seen) <= listedForMs;
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

const heading = ["agent", "status", "heard", "queue", "cli", "profile", "task"];
const taskColumn = heading.indexOf("task");

/** Cuts the task to the width of the terminal. A pipe gets the whole task. */
export function fleetTable(
  agents: readonly AgentView[],
  now: Date,
  { isTerminal, columns, color }: Pick<CliContext, "isTerminal" | "columns" | "color">,
): string[] {
  const rows = agents.map((agent) => [
    agent.agent_id,
    statusMark(agent).text,
    agent.last_seen === undefined ? "never" : spanText((now.getTime() - Date.parse(agent.last_seen)) / 1000),
    agent.queued === 0 ? "" : String(agent.queued),
    plain(shownCli(agent)?.name ?? unknownText),
    plain(agent.config_name),
    taskOf(agent).join(""),
  ]);
  const [head = [], ...body] = alignRows([heading, ...rows], isTerminal ? columns : undefined);
  return [
    paint(head.join("  "), "dim", color),
    ...body.map((cells, row) => {
      const agent = agents[row];
      const colour = agent && statusMark(agent).colour;
      return cells
        .map((cell, column) => {
          if (column === 1) return paint(cell, colour, color);
          if (column !== taskColumn || agent === undefined) return cell;
          return paint(keepEnd(cell, agent), isDim(agent) ? "dim" : undefined, color);
        })
        .join("  ")
        .trimEnd();
    }),
  ];
}

/** The task; and `more`: the agent's place in the queue before its model server, or the age of a task that may be over. */
function taskOf(agent: AgentView): readonly [task: string, more: string] {
  const { text, age_s, is_stale } = agent.task;
  const place = shownModelRequest(agent)?.place;
  const waits = place ? ` (${place} for its model)` : "";
  if (text === "") return ["no task yet", waits];
  return [plain(text), waits || (is_stale && age_s !== undefined ? ` (${spanText(age_s)} ago)` : "")];
}

const leastTaskWidth = 8;

/** If the cell is too narrow, cuts the task and keeps `more`, so that a task that may be over does not look like the present one. */
function keepEnd(cell: string, agent: AgentView): string {
  const [task, more] = taskOf(agent);
  const room = widthOf(cell) - widthOf(more);
  return cell === task + more || room < leastTaskWidth ? cell : cut(task, room) + more;
}

function isDim({ task }: AgentView): boolean {
  return task.is_stale || task.text === "";
}
