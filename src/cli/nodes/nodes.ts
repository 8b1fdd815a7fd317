// `cliai nodes`: lists the machines that have joined this fleet, and revokes one.
import { requireKeys } from "../../credentials/keys.ts";
import { revokeNode } from "../../credentials/nodes/nodes.ts";
import type { NodeView } from "../../domain/nodes/node-view.ts";
import { askOperatorDesk } from "../../server/operator-desk.ts";
import { clientArgs, dataDirArgs, dataDirFor, jsonArgs, withClient } from "../fleet/client.ts";
import { type Arguments, defineCliCommand } from "../frame/command.ts";
import { defineCommandGroup } from "../frame/command-group.ts";
import type { CliContext } from "../frame/context.ts";
import { alignRows, plain } from "../frame/terminal.ts";
import { nodesDesk } from "./nodes-desk.ts";

const revokeArgs = {
  name: { type: "positional", required: true, description: "name of the node" },
  ...dataDirArgs,
  ...jsonArgs,
} as const;

export const nodesCommand = defineCommandGroup({
  name: "nodes",
  description: "list the machines that have joined this fleet, or revoke one",
  standard: "ls",
  subcommands: {
    ls: {
      command: defineCliCommand({
        name: "nodes ls",
        description: "list the nodes, and whether each is here",
        args: clientArgs,
        run: list,
      }),
    },
    revoke: {
      command: defineCliCommand({
        name: "nodes revoke",
        example: "cliai nodes revoke laptop (cliai nodes lists them)",
        description: "end a node at once: its connection, and its credentials",
        args: revokeArgs,
        run: revoke,
      }),
    },
  },
});

async function list(args: Arguments<typeof clientArgs>, context: CliContext): Promise<number> {
  const nodes = await withClient(args, context, (bus) => askOperatorDesk(bus, nodesDesk, {}));
  if (context.json) context.print(JSON.stringify(nodes));
  else if (nodes.length === 0) context.note("no machine has joined; to have one join: cliai join-code");
  else {
    const rows = nodes.map((node) => [node.name, node.host, node.state, heardText(node), launchText(node)]);
    for (const cells of alignRows([["node", "machine", "state", "last heard", "launches"], ...rows]))
      context.print(cells.map(plain).join("  ").trimEnd());
  }
  return 0;
}

const heardText = ({ last_heard }: NodeView) => last_heard ?? "not since the server has started";

const launchText = ({ may_launch }: NodeView) => (may_launch ? "agents" : "none");

async function revoke(args: Arguments<typeof revokeArgs>, context: CliContext): Promise<number> {
  const dataDir = dataDirFor(args, context);
  const { log } = context;
  const keys = await requireKeys(dataDir);
  const isLive = await revokeNode(dataDir, keys, args.name, { now: context.now(), log });
  if (context.json) context.print(JSON.stringify({ revoked: args.name, live: isLive }));
  else {
    context.note(`${args.name} is revoked`);
    if (!isLive) context.note("no server runs; the next start of serve will refuse these credentials");
  }
  return 0;
}
