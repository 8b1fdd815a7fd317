// Launches agents for captains. Each works on its task without a terminal and ends when that is done. They are children of
// this process, and end with it.
import { Buffer } from "node:buffer";
import { resolve } from "node:path";
import process from "node:process";
import { findAgentCli } from "../../agents/agent-clis.ts";
import type { Config } from "../../config.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import { type AgentId, buildAgentId } from "../../domain/wire/agent-id.ts";
import type { LaunchAgent, LaunchOrder } from "../../server/server.ts";
import type { CliContext } from "../frame/context.ts";
import { findProfile } from "../spawn/profile.ts";
import { isDirectory } from "../spawn/project-dir.ts";
import { type AgentChild, startAgentChild } from "./agent-child.ts";
import type { FailedLaunch } from "./failed-launch.ts";

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

  const launch = async (order: LaunchOrder): Promise<AgentId> => {
    const { profile, project, task, isKnown, isOnline } = order;
    const { program, unattendedArgs } = findAgentCli(findProfile(profile, config).cli);
    checkTask(task);
    const dir = resolve(context.cwd, project ?? ".");
    if (!(await isDirectory(dir))) {
      throw new CliaiError("usage", `project "${dir}" is not a directory of the server's machine`, {
        hint: "give the full path of an existing directory",
      });
    }
    const id = freeAgentId(profile, isKnown);
    context.log.info(`launching ${id} (${program}) for a captain`);
    const since = context.now().toISOString();
    const more = [`--task=${task}`, "--", ...unattendedArgs];
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
      await Promise.all([...children].map((child) => child.end()));
    },
  };
}

/** As an argument of a program: Linux takes 128 KiB, Windows 32,767 characters for all of them. */
const mostTaskBytes = process.platform === "win32" ? 20_000 : 120_000;

/** @throws CliaiError `usage` for a task that no program can be given as an argument */
function checkTask(task: string): void {
  const bytes = Buffer.byteLength(task);
  if (bytes > mostTaskBytes) {
    throw new CliaiError(
      "usage",
      `the task has ${bytes} bytes, and an agent begins with ${mostTaskBytes} at most`,
      {
        hint: "put the rest into a file of its project, and name that",
      },
    );
  }
  if (!task.includes("\0")) return;
  throw new CliaiError("usage", "the task holds a NUL character", { hint: "leave it out" });
}

export function freeAgentId(profile: string, isKnown: (id: AgentId) => boolean): AgentId {
  for (;;) {
    const id = buildAgentId(profile, Math.random());
    if (!isKnown(id)) return id;
  }
}
