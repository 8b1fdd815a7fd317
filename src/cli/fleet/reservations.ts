// `cliai reservations`: lists the files that agents have reserved, and releases what one of them holds.
import type { Reservation } from "../../domain/files/reservation.ts";
import { harmless } from "../../domain/text/harmless.ts";
import { parseAgentId } from "../../domain/wire/agent-id.ts";
import { askForReservations } from "../../server/files/reservations-by-operator.ts";
import { type Arguments, defineCliCommand } from "../frame/command.ts";
import { defineCommandGroup } from "../frame/command-group.ts";
import { type CliContext, operatorOf } from "../frame/context.ts";
import { clientArgs, withClient } from "./client.ts";

const releaseArgs = {
  agent: { type: "positional", required: true, description: "id of the agent" },
  ...clientArgs,
} as const;

export const reservationsCommand = defineCommandGroup({
  name: "reservations",
  description: "list the files that agents have reserved, or release an agent's",
  standard: "list",
  subcommands: {
    list: {
      command: defineCliCommand({
        name: "reservations list",
        description: "list what is reserved, the oldest first",
        args: clientArgs,
        run: list,
      }),
    },
    release: {
      command: defineCliCommand({
        name: "reservations release",
        example: "cliai reservations release ada (cliai reservations lists them)",
        description: "release all that an agent has reserved, and tell it so",
        args: releaseArgs,
        run: release,
      }),
    },
  },
});

function list(args: Arguments<typeof clientArgs>, context: CliContext): Promise<number> {
  return withClient(args, context, async (bus) => {
    const standing = await askForReservations(bus, { by: operatorOf(context) });
    if (context.json) context.print(JSON.stringify(standing));
    else if (standing.length === 0) context.note("nothing is reserved");
    else for (const reservation of standing) context.print(reservationLines(reservation));
    return 0;
  });
}

function release(args: Arguments<typeof releaseArgs>, context: CliContext): Promise<number> {
  const agent = parseAgentId(args.agent);
  return withClient(args, context, async (bus) => {
    const released = await askForReservations(bus, { release: agent, by: operatorOf(context) });
    if (context.json) context.print(JSON.stringify(released));
    else
      for (const path of released.flatMap(({ paths }) => paths)) context.print(`released: ${harmless(path)}`);
    return 0;
  });
}

function reservationLines({ agent_id, machine, paths, why, until }: Reservation): string {
  const where = machine === undefined ? "" : ` on ${harmless(machine)}`;
  return [
    `${agent_id}${where}, until ${until}: ${harmless(why)}`,
    ...paths.map((path) => `  ${harmless(path)}`),
  ].join("\n");
}
