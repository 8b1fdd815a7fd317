// This room is `cliai ls`.
//
// Lists the fleet, one line an agent: once, or (`--watch`) again whenever it changes.
import type { ArgsDef } from "citty";
import { unknownText } from "../../domain/fleet/agent-view.ts";
import { filterKeys } from "../../domain/fleet/shown/agent-filter.ts";
import { type Sorting, sortings } from "../../domain/fleet/shown/sort-agents.ts";
import { statusWords } from "../../domain/fleet/status-look.ts";
import { clientArgs } from "../fleet/client.ts";
import { viewsOf } from "../fleet/fleet-reading.ts";
import { showFleet } from "../fleet/last-known.ts";
import { defineCliCommand } from "../frame/command.ts";
import type { CliContext } from "../frame/context.ts";
import { fleetLines, leftOut, listFleet, type ShownFleet } from "./fleet-lines.ts";
import { type Selection, selectionOf } from "./selection.ts";
import { watchFleet } from "./watch-fleet.ts";

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
  "needs-you": { type: "boolean", description: "list only the agents that need you" },
  filter: {
    type: "string",
    valueHint: "WORDS",
    description: `list only the agents that match: words they show, or ${filterKeys.map((key) => `${key}:`).join(" ")}, each with - to leave out`,
  },
  sort: {
    type: "enum",
    options: [...sortings] as Sorting[],
    description: "order the list; by default those that need you come last, next to the prompt",
  },
  watch: { type: "boolean", description: "keep the list up to date until Ctrl-C" },
  quiet: {
    type: "boolean",
    alias: "q",
    description: "print only the ids: cliai ls -q | xargs cliai send stop",
  },
  ...clientArgs,
} as const satisfies ArgsDef;

export const lsCommand = defineCliCommand({
  name: "ls",
  description: "list the agents that are online, need you, or were heard of within the last hour",
  args: lsArgs,
  takesMore: true,
  async run(args, context, more) {
    const ids = args.agent === undefined ? [] : [args.agent, ...more];
    const selection = selectionOf(args, ids, context);
    if (args.watch === true) return await watchFleet(args, selection, context);
    return await showFleet(
      args,
      context,
      async (fleet) => {
        for (const id of ids) await fleet.require(id);
        return await fleet.all();
      },
      (reading) => printFleet({ ...reading, views: viewsOf(reading) }, selection, context),
    );
  },
});

function printFleet(fleet: ShownFleet, selection: Selection, context: CliContext): void {
  if (selection.isQuiet || context.json) {
    const { agents, left } = listFleet(fleet, selection, false);
    const ids = agents.map(({ agent_id }) => agent_id);
    if (!context.json) for (const id of ids) context.print(id);
    else context.print(JSON.stringify(selection.isQuiet ? ids : datedAgents(agents, fleet)));
    if (context.json && !selection.isQuiet && left > 0) context.note(leftOut(left));
    return;
  }
  const { lines, notes } = fleetLines(fleet, selection, context);
  for (const line of lines) context.print(line);
  for (const line of notes) context.note(line);
}

function datedAgents(agents: ShownFleet["views"], { asOf }: ShownFleet): readonly object[] {
  return asOf === undefined ? agents : agents.map((agent) => ({ ...agent, as_of: asOf.toISOString() }));
}
