// Tells the fleet of hosts of this data directory that have ended without a word, because a killed host cannot say goodbye itself. The
// evidence is the agent's run file, which a host removes when it ends in order, and the kernel's lock, which nobody holds any more.
import { hostname } from "node:os";
import { isAgentHeld } from "../../../data-dir/agent-lock.ts";
import { type RunFile, readRunFile } from "../../../data-dir/run-file.ts";
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { hostEndedWords, isGoodbye } from "../../../domain/fleet/axis/link.ts";
import { messageOf } from "../../../domain/text/errors.ts";
import type { AgentId } from "../../../domain/wire/agent-id.ts";
import type { StatusReport } from "../../../domain/wire/messages.ts";
import { agentSubject } from "../../../domain/wire/subjects.ts";
import type { Bus } from "../../../nats/bus.ts";
import { isOfEarlierBoot } from "../../../processes/process-start.ts";
import { stillRunning } from "../../../processes/process-table.ts";
import type { Server } from "../../../server/server.ts";
import type { CliContext } from "../../frame/context.ts";
import { sendUnsent } from "./unsent-reports.ts";

export interface KilledHosts {
  /**
   * Reports the agent's host as ended, if there is evidence. Call it before the run file is removed. Never rejects.
   * @param how how its process ended, if that was seen: `SIGKILL`, `exit code 1`
   */
  look(id: AgentId, how?: string): Promise<void>;
  stop(): void;
}

export interface KilledHostsOptions {
  readonly dataDir: string;
  readonly bus: Pick<Bus, "publishStored">;
  readonly server: Pick<Server, "fleet" | "catchUp">;
  readonly context: Pick<CliContext, "now" | "log">;
  /** Default 1000. */
  readonly lookEveryMs?: number;
}

/** Besides the calls of `look`, it looks each second at the agents of this machine that are silent or whose connection is lost. */
export function watchKilledHosts(options: KilledHostsOptions): KilledHosts {
  const { dataDir, bus, server, context, lookEveryMs = 1_000 } = options;
  const { fleet } = server;
  const told = new Set<string>();
  /** The agents of this machine that are lost. Their hosts may have been killed, or may be killed later. */
  const lost = new Set<AgentId>();

  const tell = async (id: AgentId, file: RunFile, how: string | undefined) => {
    // First read everything that is stored by now, because the host may have said goodbye before it was killed.
    await server.catchUp(id);
    if (!isUnendedRun(fleet.get(id), file.run) || told.has(file.run)) return;
    told.add(file.run);
    const report: StatusReport = {
      ...{ agent_id: id, instance_id: file.run, timestamp: context.now().toISOString() },
      ...(await wordsOf(file, how)),
    };
    await bus.publishStored(agentSubject(id, "status"), report).catch((error: unknown) => {
      told.delete(file.run);
      throw error;
    });
    context.log.warn(`${id}: ${report.message}`);
  };
  const look = async (id: AgentId, how?: string) => {
    try {
      // Of an agent that the fleet does not know, nothing is sent: that would make a new agent of it.
      if (fleet.get(id) !== undefined && (await sendUnsent(id, { dataDir, bus, log: context.log })))
        await server.catchUp(id); // whoever waits for this look decides by what the fleet knows then
      const file = await readRunFile(dataDir, id);
      if (file === undefined || !isUnendedRun(fleet.get(id), file.run)) lost.delete(id);
      else if (await hasEnded(dataDir, id, file)) await tell(id, file, how);
    } catch (error) {
      context.log.debug(`${id}: whether its host was killed is not known yet: ${messageOf(error)}`);
    }
  };
  const note = (id: AgentId) => {
    if (isLostHere(fleet.get(id))) lost.add(id);
    else lost.delete(id);
  };
  let isLooking = false;
  const lookAtLost = async () => {
    if (isLooking) return;
    isLooking = true;
    for (const id of [...lost]) await look(id);
    isLooking = false;
  };
  for (const { agent_id } of fleet.list()) note(agent_id);
  const unlisten = fleet.onChange(({ ids }) => {
    for (const id of ids) note(id);
    void lookAtLost();
  });
  const timer = setInterval(() => void lookAtLost(), lookEveryMs);
  return {
    look,
    stop() {
      unlisten();
      clearInterval(timer);
    },
  };
}

/** Whether its connection is gone or it is silent, without a goodbye, and its host ran on this machine. */
function isLostHere(view: AgentView | undefined): boolean {
  if (view === undefined || view.host !== hostname()) return false;
  const { value, source } = view.axes.link;
  return value === "silent" || (value === "offline" && source === "connection");
}

/** Whether it is the agent's present run, and has said no goodbye. */
function isUnendedRun(view: AgentView | undefined, run: string): boolean {
  if (view?.heartbeat?.instance_id !== run || view.host !== hostname()) return false;
  const { said } = view;
  return said === undefined || said.instance_id !== run || !isGoodbye(said.status);
}

/** Whether nobody holds the agent's lock, and no process has the host's process id and start. */
async function hasEnded(dataDir: string, id: AgentId, { host }: RunFile): Promise<boolean> {
  if (isAgentHeld(dataDir, id)) return false;
  return host === undefined || (await stillRunning([host])).length === 0;
}

async function wordsOf(
  { host }: RunFile,
  how: string | undefined,
): Promise<Pick<StatusReport, "status" | "message" | "ended_with">> {
  if (host !== undefined && (await isOfEarlierBoot(host.started))) {
    return { status: "disconnected", message: "its machine was started again", ended_with: "host" };
  }
  const message = how === undefined ? hostEndedWords : `${hostEndedWords} (${how})`;
  return { status: "crashed", message, ended_with: "host" };
}
