// `cliai spawn`: makes an agent of a profile, writes its files, and launches its CLI in the foreground.
import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import process from "node:process";
import mcpTemplate from "../../configs/mcp-nats.json" with { type: "json" };
import type { AgentCli } from "../agents/agent-cli.ts";
import { findAgentCli } from "../agents/agent-clis.ts";
import { launchAgent } from "../agents/launch.ts";
import { fillTemplate } from "../agents/mcp-config.ts";
import { shellQuote } from "../agents/shell-quote.ts";
import type { AgentId } from "../domain/agent-id.ts";
import { CliaiError } from "../domain/errors.ts";
import { redact } from "../domain/redact.ts";
import { type Role, roles } from "../domain/roles.ts";
import { selfCommand } from "../runtime.ts";
import { mintAgent } from "./agent-keys.ts";
import { clientArgs, dataDirFor, defaultNatsUrl, findNats, withClient } from "./client.ts";
import { type Arguments, defineCliCommand } from "./command.ts";
import { configArgs, loadConfig, readPrompt, rolePrompts } from "./config-file.ts";
import type { CliContext } from "./context.ts";
import { type FleetRecords, readFleet } from "./fleet-reading.ts";
import { operatorCredsPath, readKeys } from "./keys.ts";
import { ensureOwnDir, ensurePrivateDir, writePrivateFile } from "./private-files.ts";
import { findProfile } from "./profile.ts";
import { readServeFile } from "./serve-file.ts";
import { chooseAgentId, readAgentFolders } from "./spawn-identity.ts";
import { paint } from "./terminal.ts";

const spawnArgs = {
  profile: { type: "positional", required: false, description: "a profile of the settings file" },
  id: { type: "string", valueHint: "ID", description: "the agent's id; else PROFILE and 4 digits" },
  task: { type: "string", valueHint: "TEXT", description: "what it begins with" },
  project: { type: "string", valueHint: "DIR", description: "where it works; else the current directory" },
  role: { type: "enum", options: [...roles] as Role[], description: "instead of the profile's" },
  model: { type: "string", valueHint: "NAME", description: "instead of the profile's" },
  cli: { type: "string", valueHint: "NAME", description: "the agent CLI, instead of the profile's" },
  "strict-mcp": { type: "boolean", description: "no other MCP servers than cliai's" },
  "dry-run": { type: "boolean", description: "write the files, print the command, launch nothing" },
  ...configArgs,
  ...clientArgs,
} as const;

type SpawnArgs = Arguments<typeof spawnArgs>;

interface Plan {
  readonly id: AgentId;
  readonly cli: AgentCli;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly files: readonly string[];
}

export const spawnCommand = defineCliCommand({
  name: "spawn",
  description: "launch an agent from a profile; what follows -- is passed on to its CLI",
  args: spawnArgs,
  passesOn: true,
  async run(args, context, rest) {
    const loaded = await loadConfig(args.config, context);
    const name = args.profile ?? "agent";
    const profile = findProfile(args.profile, loaded.config);
    const cli = findAgentCli(args.cli ?? profile.cli);
    const cwd = await projectDir(args.project, context);
    const dataDir = dataDirFor(args, context);
    const { natsUrl, fleet } = await meetServer(args, context);
    const role = args.role ?? profile.role;
    const folders = await readAgentFolders(join(dataDir, "agents"));
    const choice = { random: Math.random, now: context.now() };
    const id = chooseAgentId(args.id, name, { fleet, folders }, choice);
    const prompts = [...rolePrompts[role], await readPrompt(profile, loaded)];
    const mcpConfigPath = join(dataDir, "agents", id, "mcp.json");
    const credsPath = args.creds ? resolve(context.cwd, args.creds) : await mintOwn(id, role, args, context);
    await writeMcpConfig(dataDir, mcpConfigPath, {
      ...selfCommand(),
      agent_id: id,
      nats_url: natsUrl,
      nats_creds: credsPath,
      config_name: name,
      project_path: cwd,
      role,
    });
    const plan: Plan = {
      id,
      cli,
      cwd,
      files: [mcpConfigPath, ...(credsPath === undefined || args.creds ? [] : [credsPath])],
      args: cli.buildArgs({
        agentId: id,
        sessionId: crypto.randomUUID(),
        mcpConfigPath,
        strictMcp: args["strict-mcp"] === true,
        model: args.model ?? profile.model,
        instructions: prompts
          .map((prompt) => prompt.trim())
          .filter(Boolean)
          .join("\n\n"),
        task: args.task,
        passedOn: rest,
      }),
    };
    if (args["dry-run"] === true) return printPlan(plan, context);
    context.note(`starting ${paint(id, profile.colour, context.color)} (${cli.name} in ${cwd})`);
    return await launchAgent({ ...plan, env: context.env, isTerminal: process.stdin.isTTY === true });
  },
});

async function projectDir(flag: string | undefined, { cwd }: CliContext): Promise<string> {
  const path = resolve(cwd, flag ?? ".");
  const stats = await stat(path).catch(() => undefined); // absent: reported below
  if (stats?.isDirectory()) return path;
  throw new CliaiError("usage", `--project "${path}" is not a directory`, { hint: "name one that is there" });
}

/** The server's address and its fleet; a dry run does without the server. */
async function meetServer(
  args: SpawnArgs,
  context: CliContext,
): Promise<{ natsUrl: string; fleet: FleetRecords }> {
  if (args["dry-run"] === true) {
    const { natsUrl } = await findNats(args, context).catch((error: unknown) => {
      if (!(error instanceof CliaiError) || error.code !== "server_unreachable") throw error;
      context.note(`no server runs; the files name ${defaultNatsUrl}`);
      return { natsUrl: defaultNatsUrl };
    });
    return { natsUrl, fleet: new Map() };
  }
  const { natsUrl } = await findNats(args, context);
  // Without --url, --creds names the agent's: the fleet is read with the person's own.
  const own = args.url === undefined ? { ...args, creds: undefined } : args;
  return { natsUrl, fleet: await withClient(own, context, readFleet) };
}

/**
 * Credentials of the agent's own, for the nats-server of this data directory; none where it takes anybody.
 * @throws CliaiError `config_invalid` for a server that others run, which gives them out itself
 */
async function mintOwn(
  id: AgentId,
  role: Role,
  args: SpawnArgs,
  context: CliContext,
): Promise<string | undefined> {
  if (args.url !== undefined) return undefined;
  const dataDir = dataDirFor(args, context);
  const server = await readServeFile(dataDir);
  const keys = await readKeys(dataDir);
  const isOurs = server === undefined || server.nats_creds === operatorCredsPath(dataDir);
  if (keys !== undefined && isOurs) return await mintAgent(dataDir, keys, { id, role, now: context.now() });
  if (server?.nats_creds === undefined) return undefined;
  throw new CliaiError(
    "config_invalid",
    `"${id}" needs credentials of its own for ${redact(server.nats_url)}`,
    {
      hint: "have its operator make them, and name them: --creds FILE",
    },
  );
}

/** Private from the data directory down: later files of the agent hold its credentials. */
async function writeMcpConfig(
  dataDir: string,
  path: string,
  values: Parameters<typeof fillTemplate>[1],
): Promise<void> {
  await ensurePrivateDir(dataDir);
  await ensureOwnDir(join(dataDir, "agents"));
  await ensureOwnDir(join(path, ".."));
  await writePrivateFile(path, `${JSON.stringify(fillTemplate(mcpTemplate, values), null, 2)}\n`);
}

function printPlan(
  { id, cli, args, cwd, files }: Plan,
  { json, print, note, cwd: here }: CliContext,
): number {
  if (json) {
    print(JSON.stringify({ agent_id: id, command: cli.program, args, cwd, files }));
    return 0;
  }
  for (const file of files) note(`written: ${file}`);
  const change = cwd === here ? "" : `cd ${shellQuote([cwd])} && `;
  print(change + shellQuote([cli.program, ...args]));
  return 0;
}
