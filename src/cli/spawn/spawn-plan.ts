// Plans one `cliai spawn` before the agent is started: which agent, in which directory, with which CLI and credentials.
import { join, resolve } from "node:path";
import type { AgentCli } from "../../agents/agent-cli.ts";
import { findAgentCli } from "../../agents/agent-clis.ts";
import type { AgentLaunch } from "../../agents/agent-launch.ts";
import { readAgentFolders } from "../../data-dir/agent-folders.ts";
import { takeAgentLock } from "../../data-dir/agent-lock.ts";
import type { KernelLock } from "../../data-dir/kernel-lock.ts";
import { isServed } from "../../data-dir/serve-lock.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { type AgentId, parseAgentId } from "../../domain/wire/agent-id.ts";
import type { Role } from "../../domain/wire/roles.ts";
import type { Profile } from "../../profiles/profile.ts";
import type { Environment } from "../../runtime.ts";
import { settleIn } from "../../worktrees/users.ts";
import { ensureServer } from "../background/ensure-server.ts";
import { dataDirFor, defaultNatsUrl, findNats, withClient } from "../fleet/client.ts";
import { createFleetReader } from "../fleet/fleet-reading.ts";
import { loadConfig, readPrompt, rolePrompts } from "../frame/config-file.ts";
import type { CliContext } from "../frame/context.ts";
import { hasTerminal } from "../frame/has-terminal.ts";
import { modelServerOf } from "../model-server/choose.ts";
import { readNodeFile } from "../node/node-file.ts";
import { askForAgents } from "../seen-agents.ts";
import { placeInWorktree, wantedWorktree, worktreeEnvironment } from "../worktrees/spawn-worktree.ts";
import { checkPermissionMode, environmentOf, profileReader, projectOf } from "./profile.ts";
import { isDirectory } from "./project-dir.ts";
import type { SpawnArgs } from "./spawn-args.ts";
import {
  type GivenCredentials,
  judgeCredentials,
  type OwnCredentials,
  ownCredentials,
} from "./spawn-credentials.ts";
import { chooseAgentId, type SeenAgents, seenIn } from "./spawn-identity.ts";

export interface SpawnPlan {
  readonly id: AgentId;
  readonly name: string;
  readonly profile: Profile;
  readonly role: Role;
  readonly cli: AgentCli;
  readonly cwd: string;
  /** The branch of its git worktree; undefined without one. */
  readonly worktreeBranch: string | undefined;
  /** The environment of its CLI. */
  readonly env: Environment;
  readonly dataDir: string;
  readonly natsUrl: string;
  readonly credentials: OwnCredentials;
  /** Whether it ends when its terminal closes. */
  readonly diesWithTerminal: boolean;
  /** Whether to print what the agent says, if it has no terminal. */
  readonly printsWords: boolean;
  readonly launch: Omit<AgentLaunch, "mcpServer" | "hooks">;
  /** The agent's lock, held until the agent has ended. */
  readonly lock: KernelLock;
}

export async function planSpawn(
  args: SpawnArgs,
  context: CliContext,
  rest: readonly string[],
): Promise<SpawnPlan> {
  const isDry = args["dry-run"] === true;
  const loaded = await loadConfig(args.config, context);
  const name = args.profile ?? "agent";
  const dataDir = dataDirFor(args, context);
  const named = await projectDir(args.project, context);
  const profiles = await profileReader(loaded, dataDir)(named);
  for (const { message, hint } of profiles.unused) context.note(`${message}\nhint: ${hint}`);
  const found = profiles.find(args.profile);
  const { profile } = found;
  const cli = findAgentCli(args.cli ?? profile.cli, profile.acp);
  checkPermissionMode(found, cli);
  // There is no other way to run such a CLI, so nobody has to say so.
  const isHeadless = args.headless === true || cli.isHeadlessOnly === true;
  checkMode(cli, isHeadless, isDry);
  const server = modelServerOf(found, cli, args["model-server"]);
  const isTold = rest.length > 0 || profile.args?.some((arg) => cli.unattendedArgs?.includes(arg)) === true;
  if (!isDry && !isTold) requireTerminalOrTask({ ...args, headless: isHeadless }, cli);
  const project = args.project === undefined ? ((await projectOf(found)) ?? named) : named;
  const env = environmentOf(found, context.env);
  const wanted = await wantedWorktree(args, found, { project, dataDir, env });
  const model = args.model ?? profile.model;
  const { note } = context;
  const modelServer =
    server &&
    (await (await import("../model-server/meet.ts")).meetModelServer(server, cli, { model, env, note }));
  const given = args.creds ? await judgeCredentials(resolve(context.cwd, args.creds), dataDir) : undefined;
  const { natsUrl, agents } = await meetServer(args, given, context);
  const role = args.role ?? profile.role;
  const folders = await readAgentFolders(join(dataDir, "agents"));
  const wantedId = args.id ?? (given?.of === "agent" ? given.id : undefined);
  const id = chooseAgentId(wantedId, name, { agents, folders }, Math.random);
  const prompts = [...rolePrompts[role], await readPrompt(found, profiles.prompts)];
  // Take the lock first: new credentials revoke the old ones, which an agent that runs would need.
  const lock = await takeAgentLock(dataDir, id);
  const place = wanted && (await placeInWorktree(wanted, { id, dataDir, env, isDry, context }));
  const cwd = place?.dir ?? project;
  if (!isDry) await settleIn(cwd, { id, dataDir });
  const minting = { id, role, dataDir, url: args.url, given, isDry, budget: args.budget ?? profile.budget };
  const credentials = await ownCredentials(minting, context);
  const dir = join(dataDir, "agents", id);
  const launch: SpawnPlan["launch"] = {
    ...{ agentId: id, dir, cwd },
    sessionId: args.resume ?? crypto.randomUUID(),
    isResumed: args.resume !== undefined,
    mcpConfigPath: join(dir, "mcp.json"),
    isHeadless,
    // Without a terminal, nobody sits at the CLI who could answer.
    asksPermissions: (profile.permissions ?? (isHeadless ? "inbox" : "cli")) === "inbox",
    permissionMode: profile.permission_mode,
    allowedTools: profile.allowed_tools ?? [],
    strictMcp: args["strict-mcp"] === true,
    model: modelServer?.model ?? model,
    modelServer,
    commandForm: profile.shell,
    instructions: prompts
      .map((prompt) => prompt.trim())
      .filter(Boolean)
      .join("\n\n"),
    task: args.task,
    passedOn: [...(profile.args ?? []), ...rest],
  };
  return {
    diesWithTerminal: args["die-with-terminal"] === true,
    printsWords: args.quiet !== true && args.wait !== true && !context.json,
    id,
    name,
    profile,
    role,
    cli,
    cwd,
    worktreeBranch: place?.branch,
    env: wanted === undefined ? env : worktreeEnvironment(env),
    dataDir,
    natsUrl,
    credentials,
    launch,
    lock,
  };
}

/**
 * Refuses a launch without a terminal and a task, because the CLI would only complain about its input, in its own words.
 * @throws CliaiError `usage`
 */
function requireTerminalOrTask({ headless, task, profile = "demo" }: SpawnArgs, cli: AgentCli): void {
  if (headless === true || task !== undefined || hasTerminal()) return;
  const words = `cliai spawn ${profile} "what to do"`;
  throw new CliaiError("usage", "spawn has no terminal here, and no task", {
    hint:
      cli.openSession === undefined
        ? `give it a task: ${words}`
        : `give it a task: ${words} --wait; or let it wait for tasks in the background: cliai spawn ${profile} --detach`,
  });
}

/** @throws CliaiError `usage` for a CLI that cannot run in this mode */
function checkMode(cli: AgentCli, isHeadless: boolean, isDry: boolean): void {
  if (isHeadless && cli.openSession === undefined) {
    throw new CliaiError("usage", `${cli.name} cannot run with --headless`, {
      hint: "run it on a terminal, without --headless",
    });
  }
  if (isHeadless) return;
  if ((cli.isServed === true || cli.needsTerminal === true) && !isDry && !hasTerminal()) {
    throw new CliaiError("usage", `there is no terminal here on which to show ${cli.name}`, {
      hint: "add --headless, or with a task: --wait",
    });
  }
}

async function projectDir(flag: string | undefined, { cwd }: CliContext): Promise<string> {
  const path = resolve(cwd, flag ?? ".");
  if (await isDirectory(path)) return path;
  throw new CliaiError("usage", `--project "${path}" is not a directory`, {
    hint: "name an existing directory",
  });
}

/** Finds the server's address and its agents. A dry run also works without a server. */
async function meetServer(
  args: SpawnArgs,
  given: GivenCredentials | undefined,
  context: CliContext,
): Promise<{ natsUrl: string; agents: SeenAgents }> {
  const isDry = args["dry-run"] === true;
  const node = args.url === undefined ? await readNodeFile(dataDirFor(args, context)) : undefined;
  // A node may not read the fleet. The hub refuses an id that is another's.
  if (node !== undefined) return { natsUrl: node.url, agents: new Map() };
  if (!isDry) await ensureServer(args, context);
  const { natsUrl } = await findNats(args, context).catch((error: unknown) => {
    if (!isDry || !(error instanceof CliaiError) || error.code !== "server_unreachable") throw error;
    context.note(`no server runs; the files name the default address ${defaultNatsUrl}`);
    return { natsUrl: defaultNatsUrl };
  });
  // A dry run asks the server of the data directory, too, if it runs: it refuses the id of an online agent, as a real run does.
  if (isDry && (args.url !== undefined || !(await isServed(dataDirFor(args, context)))))
    return { natsUrl, agents: new Map() };
  if (args.url !== undefined && given?.of === "agent") {
    return { natsUrl, agents: await askForAgents(natsUrl, given, context) };
  }
  // Without --url, --creds names the agent's credentials. Read the fleet with the operator's, from serve.json.
  const own = args.url === undefined ? { ...args, creds: undefined } : args;
  try {
    const reading = await withClient(own, context, (bus) => createFleetReader(bus, context).all());
    return { natsUrl, agents: seenIn(reading) };
  } catch (error) {
    // If NATS refuses them, `--creds` are an agent's, made by the operator of a NATS server that others run.
    const isRefused = error instanceof CliaiError && error.code === "refused";
    if (!isRefused || given?.of !== "unknown" || args.id === undefined) throw error;
    const agent = { path: given.path, id: parseAgentId(args.id) };
    return { natsUrl, agents: await askForAgents(natsUrl, agent, context) };
  }
}
