// `cliai spawn`: makes an agent of a profile, writes its files, and launches its CLI in the foreground.
import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import process from "node:process";
import mcpTemplate from "../../configs/mcp-nats.json" with { type: "json" };
import type { AgentCli, AgentLaunch } from "../agents/agent-cli.ts";
import { findAgentCli } from "../agents/agent-clis.ts";
import { launchAgent, type RunningAgent } from "../agents/launch.ts";
import { fillTemplate } from "../agents/mcp-config.ts";
import { launchOnOwnTerminal } from "../agents/own-terminal.ts";
import { shellQuote } from "../agents/shell-quote.ts";
import type { Profile } from "../config.ts";
import type { AgentId } from "../domain/agent-id.ts";
import { CliaiError } from "../domain/errors.ts";
import { redact } from "../domain/redact.ts";
import { type Role, roles } from "../domain/roles.ts";
import { openTerminal, selfCommand } from "../runtime.ts";
import { endAgentKeys, mintAgent } from "./agent-keys.ts";
import { clientArgs, dataDirFor, defaultNatsUrl, findNats, withClient } from "./client.ts";
import { type Arguments, defineCliCommand } from "./command.ts";
import { configArgs, loadConfig, readPrompt, rolePrompts } from "./config-file.ts";
import type { CliContext, Environment } from "./context.ts";
import { type FleetRecords, readFleet } from "./fleet-reading.ts";
import { operatorCredsPath, readKeys } from "./keys.ts";
import { ensureOwnDir, ensurePrivateDir, writePrivateFile } from "./private-files.ts";
import { findProfile } from "./profile.ts";
import { readServeFile } from "./serve-file.ts";
import { isServed } from "./serve-lock.ts";
import { chooseAgentId, readAgentFolders } from "./spawn-identity.ts";
import { type HostOptions, type SessionHost, startSessionHost } from "./spawn-session.ts";
import { paint } from "./terminal.ts";

const spawnArgs = {
  profile: { type: "positional", required: false, description: "a profile of the settings file" },
  id: { type: "string", valueHint: "ID", description: "the agent's id; else PROFILE and 4 digits" },
  task: { type: "string", valueHint: "TEXT", description: "what it begins with" },
  project: { type: "string", valueHint: "DIR", description: "where it works; else the current directory" },
  role: { type: "enum", options: [...roles] as Role[], description: "instead of the profile's" },
  model: { type: "string", valueHint: "NAME", description: "instead of the profile's" },
  cli: { type: "string", valueHint: "NAME", description: "the agent CLI, instead of the profile's" },
  headless: { type: "boolean", description: "without a terminal, until it is stopped; tasks are its turns" },
  resume: { type: "string", valueHint: "SESSION", description: "go on in this session of its CLI" },
  "ends-with-input": { type: "boolean", description: "with --headless: its end is that of standard input" },
  "strict-mcp": { type: "boolean", description: "no other MCP servers than cliai's" },
  "dry-run": { type: "boolean", description: "write the files, print the command, launch nothing" },
  ...configArgs,
  ...clientArgs,
} as const;

type SpawnArgs = Arguments<typeof spawnArgs>;

/** All that is decided before anything is written or started. */
interface Plan {
  readonly id: AgentId;
  readonly name: string;
  readonly profile: Profile;
  readonly role: Role;
  readonly cli: AgentCli;
  readonly cwd: string;
  readonly dataDir: string;
  readonly natsUrl: string;
  readonly credsPath: string | undefined;
  /** Whether those credentials were made for this agent, and not named by the user. */
  readonly isMinted: boolean;
  /** Whether who started it holds its standard input, and it ends with that. */
  readonly endsWithInput: boolean;
  readonly launch: AgentLaunch;
}

export const spawnCommand = defineCliCommand({
  name: "spawn",
  description: "launch an agent from a profile; what follows -- is passed on to its CLI",
  args: spawnArgs,
  passesOn: true,
  async run(args, context, rest) {
    const plan = await planSpawn(args, context, rest);
    if (args["dry-run"] === true) {
      const { files } = await writeFiles(plan, undefined);
      return printPlan(plan, files, context);
    }
    const { id, cli, cwd, profile } = plan;
    context.note(`starting ${paint(id, profile.colour, context.color)} (${cli.name} in ${cwd})`);
    const issuedUntil = context.now();
    try {
      return await runAgent(plan, context);
    } finally {
      const { now, log } = context;
      if (plan.isMinted) await endAgentKeys(plan.dataDir, id, { issuedUntil, now: now(), log });
    }
  },
});

async function planSpawn(args: SpawnArgs, context: CliContext, rest: readonly string[]): Promise<Plan> {
  const loaded = await loadConfig(args.config, context);
  const name = args.profile ?? "agent";
  const profile = findProfile(args.profile, loaded.config);
  const cli = findAgentCli(args.cli ?? profile.cli);
  if (args.headless === true && cli.headless === undefined) {
    throw new CliaiError("usage", `${cli.name} has no way to run --headless`, {
      hint: "leave it out, and give it a terminal",
    });
  }
  if (args["ends-with-input"] === true && args.headless !== true) {
    throw new CliaiError("usage", "--ends-with-input is given without --headless", {
      hint: "a CLI on a terminal reads standard input itself",
    });
  }
  const cwd = await projectDir(args.project, context);
  const dataDir = dataDirFor(args, context);
  const { natsUrl, fleet } = await meetServer(args, context);
  const role = args.role ?? profile.role;
  const folders = await readAgentFolders(join(dataDir, "agents"));
  const choice = { random: Math.random, now: context.now() };
  const id = chooseAgentId(args.id, name, { fleet, folders }, choice);
  const prompts = [...rolePrompts[role], await readPrompt(profile, loaded)];
  const credsPath = args.creds ? resolve(context.cwd, args.creds) : await mintOwn(id, role, args, context);
  const launch: AgentLaunch = {
    agentId: id,
    sessionId: args.resume ?? crypto.randomUUID(),
    isResumed: args.resume !== undefined,
    mcpConfigPath: join(dataDir, "agents", id, "mcp.json"),
    isHeadless: args.headless === true,
    asksPermissions: profile.permissions === "inbox",
    strictMcp: args["strict-mcp"] === true,
    model: args.model ?? profile.model,
    instructions: prompts
      .map((prompt) => prompt.trim())
      .filter(Boolean)
      .join("\n\n"),
    task: args.task,
    passedOn: rest,
  };
  const isMinted = credsPath !== undefined && !args.creds;
  const endsWithInput = args["ends-with-input"] === true;
  return { endsWithInput, id, name, profile, role, cli, cwd, dataDir, natsUrl, credsPath, isMinted, launch };
}

/** Runs the CLI, with the host of its session around it where it has hooks, and gives the CLI's own exit code. */
async function runAgent(plan: Plan, context: CliContext): Promise<number> {
  const { cli, cwd, launch } = plan;
  const { session } = cli;
  const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
  const start = (settingsPath?: string): RunningAgent => {
    const what = {
      cli,
      cwd,
      env: withDirectLoopback(context.env),
      args: cli.buildArgs({ ...launch, settingsPath }),
    };
    const { stdin, stdout } = process;
    const isOwn = isTerminal && launch.isHeadless !== true && session !== undefined;
    return (
      (isOwn ? launchOnOwnTerminal({ ...what, stdin, stdout, open: openTerminal }) : undefined) ??
      launchAgent({ ...what, isTerminal: process.stdin.isTTY === true, isPiped: launch.isHeadless === true })
    );
  };
  if (session === undefined) {
    await writeFiles(plan, undefined);
    return await start().exitCode;
  }
  const host = await startSessionHost(hostOptionsOf({ ...plan, cli: { ...cli, session } }), context);
  let how = "it did not start";
  try {
    const agent = start((await writeFiles(plan, host)).settingsPath);
    host.attach(agent);
    if (plan.endsWithInput) context.stdin.resume().once("end", agent.terminate);
    how = `${cli.name} has ended: ${await agent.ended}`;
    return await agent.exitCode;
  } finally {
    await host.end(how);
  }
}

/** A proxy of the user's is not asked for what stays on this machine: hooks, and the way to the session's host. */
function withDirectLoopback(env: Environment): Environment {
  const {
    NO_PROXY,
    no_proxy = NO_PROXY,
    HTTP_PROXY,
    http_proxy = HTTP_PROXY,
    ALL_PROXY,
    all_proxy = ALL_PROXY,
  } = env;
  if (!http_proxy && !all_proxy) return env;
  const direct = [no_proxy, "127.0.0.1", "localhost"].filter(Boolean).join(",");
  return { ...env, NO_PROXY: direct, no_proxy: direct };
}

function hostOptionsOf(plan: Plan & Pick<HostOptions, "cli">): HostOptions {
  const { id, name, profile, role, cli, cwd, natsUrl, credsPath, launch } = plan;
  const { stop_approval, stop_approval_wait_s, stop_approval_unanswered, permissions } = profile;
  return {
    ...{ id, cli, natsUrl, credsPath, role, permissions },
    configName: name,
    projectPath: cwd,
    sessionId: launch.sessionId,
    stopApproval: stop_approval
      ? { waitS: stop_approval_wait_s, unanswered: stop_approval_unanswered }
      : undefined,
    headlessTask: launch.isHeadless === true ? { task: launch.task } : undefined,
  };
}

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
  const isDry = args["dry-run"] === true;
  const { natsUrl } = await findNats(args, context).catch((error: unknown) => {
    if (!isDry || !(error instanceof CliaiError) || error.code !== "server_unreachable") throw error;
    context.note(`no server runs; the files name ${defaultNatsUrl}`);
    return { natsUrl: defaultNatsUrl };
  });
  // A dry run asks too, where it can: an agent that is at work must not lose its credentials to new ones.
  if (isDry && (args.url !== undefined || !(await isServed(dataDirFor(args, context)))))
    return { natsUrl, fleet: new Map() };
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

/** Private from the data directory down: they hold the agent's credentials, and the way to its session's host. */
async function writeFiles(
  plan: Plan,
  host: SessionHost | undefined,
): Promise<{ readonly files: readonly string[]; readonly settingsPath?: string }> {
  const { id, name, role, cwd, dataDir, natsUrl, credsPath, isMinted, launch } = plan;
  const dir = join(dataDir, "agents", id);
  await ensurePrivateDir(dataDir);
  await ensureOwnDir(join(dataDir, "agents"));
  await ensureOwnDir(dir);
  const values = {
    ...selfCommand(),
    ...{ agent_id: id, nats_url: natsUrl, nats_creds: credsPath, config_name: name, project_path: cwd, role },
    ...host?.bridgeEnv,
  };
  await writeJson(launch.mcpConfigPath, fillTemplate(mcpTemplate, values));
  const files = [launch.mcpConfigPath, ...(isMinted && credsPath !== undefined ? [credsPath] : [])];
  const settings = host?.settings(launch.mcpConfigPath);
  if (settings === undefined) return { files };
  const settingsPath = join(dir, "settings.json");
  await writeJson(settingsPath, settings);
  return { files: [...files, settingsPath], settingsPath };
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writePrivateFile(path, `${JSON.stringify(value, null, 2)}\n`);
}

function printPlan(
  { id, cli, launch, cwd }: Plan,
  files: readonly string[],
  { json, print, note, cwd: here }: CliContext,
): number {
  const args = cli.buildArgs(launch);
  if (json) {
    print(JSON.stringify({ agent_id: id, command: cli.program, args, cwd, files }));
    return 0;
  }
  for (const file of files) note(`written: ${file}`);
  const change = cwd === here ? "" : `cd ${shellQuote([cwd])} && `;
  print(change + shellQuote([cli.program, ...args]));
  return 0;
}
