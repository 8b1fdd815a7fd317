// Launches agents for captains: each works on its task without a terminal, and ends when that is done. They are this
// process's own children, and end with it.
import { findAgentCli } from "../agents/agent-clis.ts";
import type { Config } from "../config.ts";
import { type AgentId, buildAgentId } from "../domain/agent-id.ts";
import type { LaunchAgent, LaunchOrder } from "../server/server.ts";
import { type AgentChild, startAgentChild } from "./agent-child.ts";
import type { CliContext } from "./context.ts";
import { findProfile } from "./profile.ts";

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
}

export function createAgentLauncher(options: AgentLauncherOptions): AgentLauncher {
  const { config, context } = options;
  const children = new Set<AgentChild>();
  const launches = new Map<string, Promise<AgentId>>();

  const launch = async (order: LaunchOrder): Promise<AgentId> => {
    const { profile, project, task, isKnown, isOnline } = order;
    const { program, unattendedArgs } = findAgentCli(findProfile(profile, config).cli);
    const id = freeAgentId(profile, isKnown);
    context.log.info(`launching ${id} (${program}) for a captain`);
    const more = [`--task=${task}`, "--", ...unattendedArgs];
    const child = startAgentChild({ ...options, id, profile, project, more });
    children.add(child);
    void child.ended.then(() => children.delete(child));
    await child.connected(() => isOnline(id));
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

export function freeAgentId(profile: string, isKnown: (id: AgentId) => boolean): AgentId {
  for (;;) {
    const id = buildAgentId(profile, Math.random());
    if (!isKnown(id)) return id;
  }
}
