// `cliai ls`: lists the fleet, one line an agent.
import type { AgentView } from "../../domain/fleet/agent-view.ts";
import type { ShownTask } from "../../domain/fleet/shown/shown-task.ts";
import { spanText } from "../../domain/text/moment.ts";
import { defineCliCommand } from "../frame/command.ts";
import type { CliContext } from "../frame/context.ts";
import { alignRows, paint, plain } from "../frame/terminal.ts";
import { clientArgs } from "./client.ts";
import { type FleetReading, viewsOf } from "./fleet-reading.ts";
import { momentText, showFleet } from "./last-known.ts";
import { statusMark } from "./status-mark.ts";
import { totalLine } from "./usage-lines.ts";

export const lsCommand = defineCliCommand({
  name: "ls",
  description: "list all agents, with status and task",
  args: {
    all: { type: "boolean", description: "also list the agents that have been gone for more than an hour" },
    ...clientArgs,
  },
  run: (args, context) =>
    showFleet(
      args,
      context,
      (fleet) => fleet.all(),
      (reading) => printFleet(reading, args.all === true, context),
    ),
});

function printFleet(reading: FleetReading, isAll: boolean, context: CliContext): void {
  const { now, asOf } = reading;
  const known = viewsOf(reading);
  const agents = isAll ? known : known.filter((agent) => isListed(agent, now));
  const left = known.length - agents.length;
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
  if (asOf !== undefined) context.print(paint(`as of ${momentText(asOf)}`, "yellow", context.color));
  for (const line of fleetTable(agents, now, context)) context.print(line);
  context.print(paint(totalLine(agents, now), "dim", context.color));
  for (const line of resumeLines(agents)) context.note(line);
  if (left > 0) context.note(leftOut(left));
}

function leftOut(count: number): string {
  return `${count} more went over an hour ago: cliai ls --all`;
}

/** An agent that is away is listed for this long after its last sign of life, even without `--all`. */
const listedForMs = 3_600_000;

/** Whether to list an agent without `--all`: it is online, needs attention, or was heard within the last hour. */
export function isListed({ axes, last_seen, first_seen }: AgentView, now: Date): boolean {
  if (axes.link.value === "online" || axes.attention.value !== "none") return true;
  return now.getTime() - Date.parse(last_seen ?? first_seen) <= listedForMs;
}

/** The line that says how to resume the agents that have crashed or disconnected. */
function resumeLines(agents: readonly AgentView[]): string[] {
  const lost = agents.filter(({ status }) => status === "crashed" || status === "disconnected");
  return lost.length === 0 ? [] : [`go on: cliai resume ${lost.map(({ agent_id }) => agent_id).join(" ")}`];
}

const heading = ["agent", "status", "heard", "queue", "profile", "task"];
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
    plain(agent.config_name),
    taskText(agent.task),
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
          return column === taskColumn && isDim(agent) ? paint(cell, "dim", color) : cell;
        })
        .join("  ")
        .trimEnd();
    }),
  ];
}

/** The task, with its age if it may be over. */
function taskText({ text, age_s, is_stale }: ShownTask): string {
  if (text === "") return "no task yet";
  return plain(is_stale && age_s !== undefined ? `${text} (${spanText(age_s)} ago)` : text);
}

function isDim(agent: AgentView | undefined): boolean {
  return agent?.task.is_stale === true || agent?.task.text === "";
}
