// `cliai ls`: lists the fleet, one line an agent.
import type { AgentView } from "../../domain/fleet/agent-view.ts";
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
  args: clientArgs,
  run: (args, context) =>
    showFleet(
      args,
      context,
      (fleet) => fleet.all(),
      (reading) => printFleet(reading, context),
    ),
});

function printFleet(reading: FleetReading, context: CliContext): void {
  const { now, asOf } = reading;
  const agents = viewsOf(reading);
  if (context.json) {
    const dated =
      asOf === undefined ? agents : agents.map((agent) => ({ ...agent, as_of: asOf.toISOString() }));
    context.print(JSON.stringify(dated));
    return;
  }
  if (agents.length === 0) {
    context.note("no agent yet; launch one: cliai spawn demo");
    return;
  }
  if (asOf !== undefined) context.print(paint(`as of ${momentText(asOf)}`, "yellow", context.color));
  for (const line of fleetTable(agents, now, context)) context.print(line);
  context.print(paint(totalLine(agents, now), "dim", context.color));
  for (const line of resumeLines(agents)) context.note(line);
}

/** How those are had again whose CLI crashed or has gone without being told to. */
function resumeLines(agents: readonly AgentView[]): string[] {
  const lost = agents.filter(({ status }) => status === "crashed" || status === "disconnected");
  return lost.length === 0 ? [] : [`go on: cliai resume ${lost.map(({ agent_id }) => agent_id).join(" ")}`];
}

const heading = ["agent", "status", "seen", "inbox", "profile", "task"];

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
    agent.inbox_waiting === 0 ? "" : String(agent.inbox_waiting),
    plain(agent.config_name),
    plain(agent.current_task),
  ]);
  const [head = [], ...body] = alignRows([heading, ...rows], isTerminal ? columns : undefined);
  return [
    paint(head.join("  "), "dim", color),
    ...body.map((cells, row) => {
      const agent = agents[row];
      const colour = agent && statusMark(agent).colour;
      return cells
        .map((cell, column) => (column === 1 ? paint(cell, colour, color) : cell))
        .join("  ")
        .trimEnd();
    }),
  ];
}
