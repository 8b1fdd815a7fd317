// Launches agents for captains: `cliai spawn` of this very program as a child, working on its task without a terminal.
// The children are this process's own: they end with it, by their handles.
import { type ChildProcess, spawn } from "node:child_process";
import { findAgentCli } from "../agents/agent-clis.ts";
import type { Config } from "../config.ts";
import { type AgentId, buildAgentId } from "../domain/agent-id.ts";
import { CliaiError } from "../domain/errors.ts";
import type { Logger } from "../log.ts";
import { selfCommand } from "../runtime.ts";
import type { LaunchAgent, LaunchOrder } from "../server/server.ts";
import type { CliContext } from "./context.ts";
import { findProfile } from "./profile.ts";

const connectedWithinMs = 25_000;
const endWithinMs = 5_000;

export interface AgentLauncher {
  readonly launch: LaunchAgent;
  /** Ends the agents that are still at work. */
  stop(): Promise<void>;
}

export interface AgentLauncherOptions {
  readonly dataDir: string;
  readonly config: Config;
  /** Passed on to `cliai spawn`. */
  readonly configPath: string | undefined;
  readonly context: Pick<CliContext, "env" | "cwd" | "log">;
}

export function createAgentLauncher(options: AgentLauncherOptions): AgentLauncher {
  const children = new Set<ChildProcess>();
  const launches = new Map<string, Promise<AgentId>>();

  const launch = async (order: LaunchOrder): Promise<AgentId> => {
    const { program, unattendedArgs } = findAgentCli(findProfile(order.profile, options.config).cli);
    const id = freeId(order);
    options.context.log.info(`launching ${id} (${program}) for a captain`);
    const child = startSpawn(id, order, unattendedArgs, options);
    children.add(child);
    child.once("exit", () => children.delete(child));
    await connected(id, child, order, options.context.log);
    return id;
  };

  return {
    launch: (order) => {
      const known = launches.get(order.callId);
      if (known !== undefined) return known;
      const launching = launch(order);
      launches.set(order.callId, launching);
      // One that failed may be tried again.
      launching.catch(() => launches.delete(order.callId));
      return launching;
    },
    stop: async () => {
      await Promise.all([...children].map(endChild));
    },
  };
}

function freeId({ profile, isKnown }: LaunchOrder): AgentId {
  for (;;) {
    const id = buildAgentId(profile, Math.random());
    if (!isKnown(id)) return id;
  }
}

function startSpawn(
  id: AgentId,
  { profile, task, project }: LaunchOrder,
  unattendedArgs: readonly string[],
  { dataDir, configPath, context }: AgentLauncherOptions,
): ChildProcess {
  const { command, args } = selfCommand();
  const own = [
    ...args,
    "spawn",
    profile,
    `--id=${id}`,
    `--task=${task}`,
    `--data-dir=${dataDir}`,
    ...(project === undefined ? [] : [`--project=${project}`]),
    ...(configPath === undefined ? [] : [`--config=${configPath}`]),
    "--",
    ...unattendedArgs,
  ];
  return spawn(command, own, { cwd: context.cwd, env: context.env, stdio: ["ignore", "pipe", "pipe"] });
}

/** @throws CliaiError `failed` with its last words when it ends before it is connected, or does not connect in time */
async function connected(
  id: AgentId,
  child: ChildProcess,
  { isOnline }: LaunchOrder,
  log: Logger,
): Promise<void> {
  let lastWords = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      lastWords = (lastWords + text).slice(-2_000);
      log.debug(`${id}: ${text.trimEnd()}`);
    });
  }
  let ending: string | undefined;
  child.once("error", (error) => {
    ending = error.message;
  });
  child.once("exit", (code, signal) => {
    ending ??= signal === null ? `exit code ${code}` : signal;
  });
  const deadline = Date.now() + connectedWithinMs;
  while (!isOnline(id)) {
    if (ending !== undefined || Date.now() > deadline) {
      await endChild(child);
      const why = ending ?? `not connected within ${connectedWithinMs / 1000} s`;
      throw new CliaiError(
        "failed",
        `${id} did not start (${why}): ${lastWords.trim().replaceAll(/\s*\n\s*/g, " ")}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), endWithinMs);
  await ended;
  clearTimeout(timer);
}
