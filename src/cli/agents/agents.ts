// This room is `cliai agents`.
//
// `cliai agents`: lists the credentials of this data directory's agents, makes credentials for an agent that `spawn` does not
// launch, revokes them, and removes agents.
import { join } from "node:path";
import { isGood, readGrants, readMintedAgents } from "../../credentials/agent-grants.ts";
import { mintAgent, revokeAgent } from "../../credentials/agent-keys.ts";
import { requireKeys } from "../../credentials/keys.ts";
import { removePlacement } from "../../credentials/nodes/placements.ts";
import { tellRevocations } from "../../credentials/push-revocations.ts";
import { readAgentFolders } from "../../data-dir/agent-folders.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { didYouMean } from "../../domain/text/nearest.ts";
import { caseTwinOf, parseAgentId } from "../../domain/wire/agent-id.ts";
import { type Role, roles } from "../../domain/wire/roles.ts";
import { dataDirArgs, dataDirFor, jsonArgs } from "../fleet/client.ts";
import { type Arguments, defineCliCommand } from "../frame/command.ts";
import { defineCommandGroup } from "../frame/command-group.ts";
import type { CliContext } from "../frame/context.ts";
import { alignRows } from "../frame/terminal.ts";
import { removeCommand } from "./agents-remove.ts";

const idArg = { id: { type: "positional", required: true, description: "id of the agent" } } as const;
const addArgs = {
  ...idArg,
  role: {
    type: "enum",
    options: [...roles] as Role[],
    description: "give the agent this role (default agent)",
  },
  ...dataDirArgs,
  ...jsonArgs,
} as const;
export const agentsCommand = defineCommandGroup({
  name: "agents",
  description:
    "list, add or revoke agents' credentials; or remove an agent: state, queue, credentials and files",
  standard: "ls",
  subcommands: {
    ls: {
      command: defineCliCommand({
        name: "agents ls",
        description: "list the agents that have credentials",
        args: { ...dataDirArgs, ...jsonArgs },
        run: async (args, context) => list(dataDirFor(args, context), context),
      }),
    },
    add: {
      command: defineCliCommand({
        name: "agents add",
        example: "cliai agents add ada",
        description: "make credentials for an agent that spawn does not launch, and print their path",
        args: addArgs,
        run: add,
      }),
    },
    revoke: {
      command: defineCliCommand({
        name: "agents revoke",
        example: "cliai agents revoke ada (cliai agents lists them)",
        description: "revoke an agent's credentials at once",
        args: { ...idArg, ...dataDirArgs, ...jsonArgs },
        run: revoke,
      }),
    },
    remove: { command: removeCommand },
    rm: { command: removeCommand, isHidden: true },
  },
});

function list(dataDir: string, { json, print, note, now }: CliContext): number {
  const agents = readMintedAgents(dataDir).map((agent_id) => {
    const grants = readGrants(dataDir, agent_id);
    const good = grants.findLast((grant) => isGood(grant, now()));
    const last = good ?? grants.at(-1);
    const state = good ? "good" : last?.revoked_at === undefined ? "expired" : "revoked";
    return { agent_id, state, role: last?.role ?? "agent", expires_at: last?.expires_at ?? "" };
  });
  if (json) print(JSON.stringify(agents));
  else if (agents.length === 0) note("no agent has credentials; launch one: cliai spawn demo");
  else {
    const rows = agents.map(({ agent_id, state, role, expires_at }) => [agent_id, state, role, expires_at]);
    for (const cells of alignRows([["agent", "credentials", "role", "expires"], ...rows], undefined))
      print(cells.join("  ").trimEnd());
  }
  return 0;
}

async function add(args: Arguments<typeof addArgs>, context: CliContext): Promise<number> {
  const { json, print, log, now } = context;
  const { role = "agent" } = args;
  const [id, dataDir] = [parseAgentId(args.id), dataDirFor(args, context)];
  const keys = await requireKeys(dataDir);
  const known = [...readMintedAgents(dataDir), ...(await readAgentFolders(join(dataDir, "agents")))];
  const twin = caseTwinOf(id, known);
  if (twin !== undefined) {
    throw new CliaiError("agent_id_invalid", `"${id}" differs from the agent "${twin}" in case only`, {
      hint: `use "${twin}", or an id that differs more: cliai agents add ${twin}`,
    });
  }
  const creds = await mintAgent(dataDir, keys, { id, role, now: now(), log });
  print(json ? JSON.stringify({ agent_id: id, role, creds }) : creds);
  return 0;
}

async function revoke(
  args: { readonly id: string; readonly "data-dir"?: string | undefined },
  context: CliContext,
): Promise<number> {
  const [id, dataDir] = [parseAgentId(args.id), dataDirFor(args, context)];
  const keys = await requireKeys(dataDir);
  const { json, print, note, log, now } = context;
  const known = readMintedAgents(dataDir);
  if (!known.includes(id)) {
    throw new CliaiError("agent_unknown", `the agent "${id}" has no credentials here`, {
      hint: didYouMean(id, known) ?? "list the agents that have some: cliai agents",
    });
  }
  // First, so that the node on which it belongs gets it no new ones.
  await removePlacement(dataDir, id);
  const revoked = await revokeAgent(dataDir, id, now());
  // Even if nothing is left to revoke: nats-server may have been away when the credentials were revoked.
  const isLive = await tellRevocations(dataDir, keys, id, log);
  if (json) print(JSON.stringify({ agent_id: id, revoked, live: isLive }));
  else {
    print(`${id}: ${revoked === 0 ? "it had no valid credentials" : "revoked"}`);
    if (!isLive) note("no server runs; the next start of serve will refuse these credentials");
  }
  return 0;
}
