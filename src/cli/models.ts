// `cliai models`: lists the model servers on which agents work: their slots, whose requests they work on, and whose requests wait.
import {
  type AgentAtServer,
  atServerText,
  type ModelServer,
  modelServersOf,
} from "../domain/fleet/shown/model-servers.ts";
import { spanText } from "../domain/text/moment.ts";
import { clientArgs } from "./fleet/client.ts";
import { type FleetReading, viewsOf } from "./fleet/fleet-reading.ts";
import { momentText, showFleet } from "./fleet/last-known.ts";
import { defineCliCommand } from "./frame/command.ts";
import type { CliContext } from "./frame/context.ts";
import { alignRows, paint, plain } from "./frame/terminal.ts";

export const modelsCommand = defineCliCommand({
  name: "models",
  description:
    "list the model servers on which agents work, with their slots, and who is served and who waits",
  args: clientArgs,
  run: (args, context) =>
    showFleet(
      args,
      context,
      (fleet) => fleet.all(),
      (reading) => printServers(reading, context),
    ),
});

function printServers(reading: FleetReading, context: CliContext): void {
  const { asOf, now } = reading;
  const servers = modelServersOf(viewsOf(reading));
  if (context.json) {
    context.print(JSON.stringify(servers));
    return;
  }
  if (asOf !== undefined) context.print(paint(`as of ${momentText(asOf)}`, "yellow", context.color));
  if (servers.length === 0)
    context.note(
      "no agent that is online works on a model server; launch one: cliai spawn local --model-server URL",
    );
  for (const line of servers.flatMap((server) => serverLines(server, now, context))) context.print(line);
}

export function serverLines(
  { server, slots, models, running, waiting, idle }: ModelServer,
  now: Date,
  { color }: Pick<CliContext, "color">,
): string[] {
  const heads = [
    paint(plain(server), "bold", color),
    ...(slots === undefined ? [] : [`${slots} ${slots === 1 ? "slot" : "slots"}`]),
    ...models.map(plain),
  ];
  const rows = [
    ...agentRows("runs", running, now),
    ...agentRows("waits", waiting, now),
    ...(idle.length === 0 ? [] : [["  idle", idle.join(", ")]]),
  ];
  return [heads.join("  "), ...alignRows(rows).map((cells) => cells.join("  ").trimEnd())];
}

function agentRows(name: string, agents: readonly AgentAtServer[], now: Date): string[][] {
  return agents.map((agent, index) => {
    const { agent_id, since } = agent;
    const age = since === undefined ? "" : `, for ${spanText((now.getTime() - Date.parse(since)) / 1000)}`;
    return [index === 0 ? `  ${name}` : "", `${agent_id}: ${atServerText(agent)}${age}`];
  });
}
