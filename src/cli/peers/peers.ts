// This room is `cliai peers`.
//
// `cliai peers`: lists the programs of others that may prompt agents by the Synadia agent protocol, or serve agents of their own; makes credentials
// for one, and revokes them.
import { requireKeys } from "../../credentials/keys.ts";
import { addPeer, isGoodPeer, type PeerGrant, readPeers, revokePeer } from "../../credentials/peers.ts";
import { type AgentId, parseAgentId } from "../../domain/wire/agent-id.ts";
import { dataDirArgs, dataDirFor, jsonArgs } from "../fleet/client.ts";
import { type Arguments, defineCliCommand } from "../frame/command.ts";
import { defineCommandGroup } from "../frame/command-group.ts";
import type { CliContext } from "../frame/context.ts";
import { readExpiry } from "../frame/read-expiry.ts";
import { alignRows } from "../frame/terminal.ts";

const args = { ...dataDirArgs, ...jsonArgs } as const;
const nameArgs = {
  name: { type: "positional", required: true, description: "name of the peer" },
  ...args,
} as const;
const addArgs = {
  ...nameArgs,
  agents: {
    type: "string",
    valueHint: "ID,ID",
    description: "let it find and prompt only these agents (default: all; with --may-serve none)",
  },
  "may-permit": {
    type: "boolean",
    description: "let it also give permissions and approve stops, for the prompts that it has sent",
  },
  "may-serve": {
    type: "boolean",
    description: "have the agents that it serves itself join the fleet, and take tasks",
  },
  expires: {
    type: "string",
    valueHint: "TIME",
    description: "end its credentials after this time, such as 12h or 90d (default: never)",
  },
} as const;

export const peersCommand = defineCommandGroup({
  name: "peers",
  description:
    "list, add or revoke programs of others that prompt or serve agents by the Synadia agent protocol",
  standard: "ls",
  subcommands: {
    ls: {
      command: defineCliCommand({
        name: "peers ls",
        description: "list the peers, with what each may do",
        args,
        run: async (given, context) => list(dataDirFor(given, context), context),
      }),
    },
    add: {
      command: defineCliCommand({
        name: "peers add",
        example: "cliai peers add ci --agents ada,bob --expires 90d",
        description: "make credentials with which a program can prompt or serve agents, and print their path",
        args: addArgs,
        run: add,
      }),
    },
    revoke: {
      command: defineCliCommand({
        name: "peers revoke",
        example: "cliai peers revoke ci (cliai peers lists them)",
        description: "end a peer at once",
        args: nameArgs,
        run: revoke,
      }),
    },
  },
});

function list(dataDir: string, { json, print, note, now }: CliContext): number {
  const peers = readPeers(dataDir, ({ message, hint }) => note(`${message}\nhint: ${hint}`));
  if (json) print(JSON.stringify(peers));
  else if (peers.length === 0) note("there is no peer; make one: cliai peers add NAME");
  else {
    const rows = peers.map((peer) => [peer.name, agentsText(peer), rightsText(peer), endText(peer, now())]);
    for (const cells of alignRows([["peer", "agents", "may", "ends"], ...rows], undefined))
      print(cells.join("  ").trimEnd());
  }
  return 0;
}

const agentsText = ({ agents }: PeerGrant) => (agents === undefined ? "all" : agents.join(",") || "none");

function rightsText({ agents, may_permit, may_serve }: PeerGrant): string {
  const prompts = agents?.length === 0 ? [] : ["prompt", ...(may_permit ? ["permit"] : [])];
  return [...prompts, ...(may_serve ? ["serve"] : [])].join(", ");
}

function endText(peer: PeerGrant, now: Date): string {
  if (peer.expires_at === undefined) return "when it is revoked";
  return isGoodPeer(peer, now) ? peer.expires_at : `expired ${peer.expires_at}`;
}

async function add(given: Arguments<typeof addArgs>, context: CliContext): Promise<number> {
  const now = context.now();
  const dataDir = dataDirFor(given, context);
  const agents = given.agents?.split(",").map((word) => parseAgentId(word.trim()));
  const mayPermit = given["may-permit"] === true;
  const mayServe = given["may-serve"] === true;
  const expiresAt = readExpiry("peer", given.expires, now);
  const keys = await requireKeys(dataDir);
  const creds = await addPeer(dataDir, keys, {
    name: given.name,
    agents,
    mayPermit,
    mayServe,
    expiresAt,
    now,
  });
  if (context.json) context.print(JSON.stringify({ name: given.name, creds }));
  else {
    context.print(creds);
    context.note(
      `whoever has this file can ${powersText(agents, mayServe)}, while serve runs with --agent-protocol`,
    );
  }
  return 0;
}

function powersText(agents: readonly AgentId[] | undefined, mayServe: boolean): string {
  const prompts = mayServe && agents === undefined ? [] : ["prompt those agents"];
  return [...prompts, ...(mayServe ? ["have its own agents join the fleet"] : [])].join(" and ");
}

async function revoke(given: Arguments<typeof nameArgs>, context: CliContext): Promise<number> {
  const dataDir = dataDirFor(given, context);
  const { json, print, note, log } = context;
  const isLive = await revokePeer(dataDir, await requireKeys(dataDir), given.name, log);
  if (json) print(JSON.stringify({ revoked: given.name, live: isLive }));
  else {
    note(`${given.name} is revoked`);
    if (!isLive) note("no server runs; the next start of serve will refuse these credentials");
  }
  return 0;
}
