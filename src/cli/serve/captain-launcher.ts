// Launches agents for captains. Each works on its one task without a terminal, and ends when the task is done; if `serve` has ended by
// then, when the next one runs. How it ended is told to the captain only by the serve that has launched it; later, `list_agents` says it.
import { Buffer } from "node:buffer";
import process from "node:process";
import type { AgentCli } from "../../agents/agent-cli.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { LaunchAgent, LaunchOrder } from "../../server/server.ts";
import type { EndedLaunch } from "../../server/tools/launch-notice.ts";
import type { CliContext } from "../frame/context.ts";
import type { ProfileReader } from "../spawn/profile.ts";
import { type AgentChild, startAgentChild } from "./agent-child.ts";
import type { FailedLaunch } from "./failed-launch.ts";
import type { KilledHosts } from "./killed-hosts.ts";
import { checkLaunch, freeAgentId } from "./launch-request.ts";

export interface AgentLauncher {
  readonly launch: LaunchAgent;
  /** Ends the launches that no captain was told of yet. The other agents work on. */
  stop(): Promise<void>;
}

export interface AgentLauncherOptions {
  readonly dataDir: string;
  readonly profiles: ProfileReader;
  /** Passed on to `cliai spawn`. */
  readonly configPath: string | undefined;
  readonly context: Pick<CliContext, "env" | "cwd" | "now" | "log">;
  /** Tells the fleet of a host that has ended without a word. */
  readonly hosts: Pick<KilledHosts, "look">;
  /** Reports a failed launch to the fleet. */
  readonly onFailed?: (failed: FailedLaunch) => Promise<void>;
  /** Tells the captain how an agent has ended that was connected. */
  readonly onEnded?: (ended: EndedLaunch) => Promise<void>;
}

export function createAgentLauncher(options: AgentLauncherOptions): AgentLauncher {
  const { profiles, context } = options;
  const starting = new Set<AgentChild>();
  const launches = new Map<string, Promise<AgentId>>();
  let isStopping = false;

  const launch = async (order: LaunchOrder): Promise<AgentId> => {
    const { captain, profile, task, isKnown, isOnline, hasBegun } = order;
    checkTask(task);
    const { cli, project } = await checkLaunch(order, { profiles, cwd: context.cwd });
    if (isStopping) throw new CliaiError("interrupted", "cannot launch an agent: the server is ending");
    const id = freeAgentId(profile, isKnown);
    context.log.info(`launching ${id} (${cli.program}) for the captain ${captain}`);
    const since = context.now().toISOString();
    const child = startAgentChild({ ...options, id, profile, project, more: argsFor(cli, task) });
    starting.add(child);
    void child.ended.then(async (how) => {
      if (starting.has(child) || isStopping) return;
      await options.onEnded?.({ id, captain, task, how }).catch((error: unknown) => {
        context.log.warn(`${captain} is not told how ${id} has ended: ${messageOf(error)}`);
      });
    });
    await child
      .connected({ hasBegun: () => hasBegun(id), isConnected: () => isOnline(id) })
      .catch(async (error: unknown) => {
        await options.onFailed?.({ id, task, since, reason: messageOf(error) });
        throw error;
      })
      .finally(() => starting.delete(child));
    return id;
  };

  return {
    launch: (order) => {
      const known = launches.get(order.callId);
      if (known !== undefined) return known;
      const launching = launch(order);
      launches.set(order.callId, launching);
      // Forget a failed launch, so that the same call can try it again.
      launching.catch(() => launches.delete(order.callId));
      return launching;
    },
    stop: async () => {
      isStopping = true;
      await Promise.all([...starting].map((child) => child.end()));
    },
  };
}

/**
 * Without a terminal, as a session that cliai steers: its permissions go to the inbox, unless its profile says otherwise, and it ends when
 * its task is done. A CLI that cannot be steered so works by its own arguments for that.
 */
function argsFor({ openSession, unattendedArgs }: AgentCli, task: string): string[] {
  const isSteered = openSession !== undefined || unattendedArgs === undefined;
  return [`--task=${task}`, ...(isSteered ? ["--wait"] : ["--", ...unattendedArgs])];
}

/** The task is an argument of a program: Linux allows 128 KiB for one argument, Windows 32,767 characters for all. */
const mostTaskBytes = process.platform === "win32" ? 20_000 : 120_000;

/** @throws CliaiError `message_invalid` if the task cannot be an argument of a program */
function checkTask(task: string): void {
  const bytes = Buffer.byteLength(task);
  if (bytes > mostTaskBytes) {
    throw new CliaiError(
      "message_invalid",
      `the task has ${bytes} bytes; an agent can be launched with ${mostTaskBytes} at most`,
      {
        hint: "write the details into a file in its project, and name that file in the task",
      },
    );
  }
  if (!task.includes("\0")) return;
  throw new CliaiError("message_invalid", "the task contains a NUL character", { hint: "remove it" });
}
