// Launches agents for captains. Each works on its task without a terminal and ends when that is done. They are children of
// this process, and end with it.
import { Buffer } from "node:buffer";
import process from "node:process";
import type { Config } from "../../config.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { LaunchAgent, LaunchOrder } from "../../server/server.ts";
import type { CliContext } from "../frame/context.ts";
import { type AgentChild, startAgentChild } from "./agent-child.ts";
import type { FailedLaunch } from "./failed-launch.ts";
import { checkLaunch, freeAgentId } from "./launch-request.ts";

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
  readonly context: Pick<CliContext, "env" | "cwd" | "now" | "log">;
  /** Tells the fleet of a launch that has failed. */
  readonly onFailed?: (failed: FailedLaunch) => Promise<void>;
}

export function createAgentLauncher(options: AgentLauncherOptions): AgentLauncher {
  const { config, context } = options;
  const children = new Set<AgentChild>();
  const launches = new Map<string, Promise<AgentId>>();
  let isStopping = false;

  const launch = async (order: LaunchOrder): Promise<AgentId> => {
    const { profile, task, isKnown, isOnline } = order;
    checkTask(task);
    const { cli, project } = await checkLaunch(order, { config, cwd: context.cwd });
    if (isStopping) throw new CliaiError("interrupted", "no agent is launched: the server ends");
    const id = freeAgentId(profile, isKnown);
    context.log.info(`launching ${id} (${cli.program}) for a captain`);
    const since = context.now().toISOString();
    const more = [`--task=${task}`, "--", ...cli.unattendedArgs];
    const child = startAgentChild({ ...options, id, profile, project, more });
    children.add(child);
    void child.ended.then(() => children.delete(child));
    await child
      .connected(() => isOnline(id))
      .catch(async (error: unknown) => {
        await options.onFailed?.({ id, task, since, reason: messageOf(error) });
        throw error;
      });
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
      isStopping = true;
      await Promise.all([...children].map((child) => child.end()));
    },
  };
}

/** As an argument of a program: Linux takes 128 KiB, Windows 32,767 characters for all of them. */
const mostTaskBytes = process.platform === "win32" ? 20_000 : 120_000;

/** @throws CliaiError `message_invalid` for a task that no program can be given as an argument */
function checkTask(task: string): void {
  const bytes = Buffer.byteLength(task);
  if (bytes > mostTaskBytes) {
    throw new CliaiError(
      "message_invalid",
      `the task has ${bytes} bytes, and an agent begins with ${mostTaskBytes} at most`,
      {
        hint: "put the rest into a file of its project, and name that",
      },
    );
  }
  if (!task.includes("\0")) return;
  throw new CliaiError("message_invalid", "the task holds a NUL character", { hint: "leave it out" });
}
