// Stops the agents before the server ends. Each agent that is online gets a stop, as from `cliai send stop`. The hosts on this machine
// that still run are then ended as processes, by the process id and start in their run files.
import { join } from "node:path";
import { readAgentFolders } from "../../data-dir/agent-folders.ts";
import { isAgentHeld } from "../../data-dir/agent-lock.ts";
import { createLaunchedAgents } from "../../data-dir/launched-agents.ts";
import { readRunFile } from "../../data-dir/run-file.ts";
import type { AgentRecord } from "../../domain/fleet/agent-record.ts";
import { type AgentView, byAgentId } from "../../domain/fleet/agent-view.ts";
import { deriveAxes } from "../../domain/fleet/status.ts";
import { takenDownReason } from "../../domain/fleet/taken-down.ts";
import { CliaiError, type ErrorCode, messageOf } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Bus } from "../../nats/bus.ts";
import { signalKnown } from "../../processes/end-process.ts";
import { type KnownProcess, stillRunning } from "../../processes/process-table.ts";
import { sendAndWatch } from "../../server/send-and-watch.ts";
import { pause } from "../../waiting.ts";
import { createFleetReader, type FleetReader, viewsOf } from "../fleet/fleet-reading.ts";
import { orderReader } from "../fleet/order-reading.ts";
import { type CliContext, operatorOf } from "../frame/context.ts";
import { plain } from "../frame/terminal.ts";

/** How the stop of one agent ended. */
export interface StoppedAgent {
  readonly agent_id: AgentId;
  readonly outcome: "stopped" | "refused" | "failed" | "no_answer";
  readonly detail?: string | undefined;
}

export interface StopOptions {
  readonly force: boolean;
  readonly timeoutMs: number;
  /** How often a person at a terminal is told what is waited for. Default 5000. */
  readonly tellEveryMs?: number;
  readonly onStopped: (stopped: StoppedAgent) => void;
}

const usualTellEveryMs = 5_000;

/** Sends a stop to every agent that is online. Resolves to how each one ended. */
export async function stopOnlineAgents(
  bus: Bus,
  context: CliContext,
  options: StopOptions,
): Promise<readonly StoppedAgent[]> {
  const fleet = createFleetReader(bus, context);
  const { records, now, listeningSince } = await fleet.all();
  const online = [...records.values()]
    .filter((record) => deriveAxes(record, now, listeningSince).link.value === "online")
    .sort(byAgentId);
  if (online.length > 0) {
    const within = options.force ? "" : ` (within ${options.timeoutMs / 1000} s; --force does not wait)`;
    context.note(`stopping ${online.map(({ agent_id }) => agent_id).join(", ")}${within}`);
  }
  const waiting = new Set(online.map(({ agent_id }) => agent_id));
  const endTelling = tellWaiting(waiting, fleet, context, options.tellEveryMs ?? usualTellEveryMs);
  try {
    return await Promise.all(
      online.map(async (record) => {
        const stopped = await stopOne({ bus, fleet, context }, record, options);
        waiting.delete(record.agent_id);
        options.onStopped(stopped);
        return stopped;
      }),
    );
  } finally {
    endTelling();
  }
}

/** Tells a person at a terminal every few seconds what each agent does that has not stopped yet. Returns the function that ends it. */
function tellWaiting(
  waiting: ReadonlySet<AgentId>,
  fleet: FleetReader,
  context: CliContext,
  everyMs: number,
): () => void {
  const beganMs = performance.now();
  let isReading = false;
  const tell = async () => {
    if (isReading || waiting.size === 0) return;
    isReading = true;
    try {
      const views = viewsOf(await fleet.all()).filter(({ agent_id }) => waiting.has(agent_id));
      const seconds = Math.round((performance.now() - beganMs) / 1000);
      for (const line of waitingLines(views, seconds)) context.progress(line);
    } catch (error) {
      context.log.debug(`what the agents do is not known: ${messageOf(error)}`);
    }
    isReading = false;
  };
  const timer = setInterval(() => void tell(), everyMs);
  return () => clearInterval(timer);
}

const mostNamed = 8;

function waitingLines(views: readonly AgentView[], seconds: number): string[] {
  const lines = views.slice(0, mostNamed).map(({ agent_id, axes: { activity, control } }) => {
    const asked = control.value === "stop_requested" ? "" : "has not been told yet; ";
    return plain(`${agent_id}: still ${activity.value} after ${seconds} s: ${asked}${activity.reason}`);
  });
  const more = views.length - lines.length;
  return more > 0 ? [...lines, `and ${more} more`] : lines;
}

interface Parts {
  readonly bus: Bus;
  readonly fleet: FleetReader;
  readonly context: CliContext;
}

async function stopOne(
  { bus, fleet, context }: Parts,
  record: AgentRecord,
  { force, timeoutMs }: StopOptions,
): Promise<StoppedAgent> {
  const { agent_id } = record;
  const command_id = crypto.randomUUID();
  const order = { id: agent_id, type: "stop", force, reason: takenDownReason } as const;
  try {
    const { state, detail } = await sendAndWatch(
      bus,
      { ...order, command_id, from: operatorOf(context) },
      {
        ...{ wait: "applied", timeoutMs, target: record, now: context.now },
        readKnown: orderReader(fleet, { agent_id, command_id, type: order.type }),
        onReceipt: () => undefined,
      },
    );
    return { agent_id, outcome: state === "applied" ? "stopped" : outcomeOf(state), detail };
  } catch (error) {
    // An agent without a host only confirms that it has the order, and then ends.
    const after = await fleet.find(agent_id);
    const link = after && deriveAxes(after.record, after.now, after.listeningSince).link;
    if (link?.value === "offline") return { agent_id, outcome: "stopped" };
    const code: ErrorCode = error instanceof CliaiError ? error.code : "failed";
    return { agent_id, outcome: outcomeOf(code), detail: messageOf(error) };
  }
}

function outcomeOf(word: string): StoppedAgent["outcome"] {
  if (word === "refused") return "refused";
  return word === "no_answer" || word === "expired" ? "no_answer" : "failed";
}

const hostEndsWithinMs = 20_000;
const lookEveryMs = 50;

/**
 * Ends the hosts that still run on this machine, and makes sure that the next server launches none of their agents again.
 * @param stopped the agents that have been stopped already: their hosts end by themselves, so this only waits for them
 */
export async function endHosts(
  dataDir: string,
  { log }: Pick<CliContext, "log">,
  onStopped: StopOptions["onStopped"],
  stopped: readonly StoppedAgent[] = [],
): Promise<readonly StoppedAgent[]> {
  const isStopped = (id: AgentId) =>
    stopped.some(({ agent_id, outcome }) => agent_id === id && outcome === "stopped");
  const held = (await readAgentFolders(join(dataDir, "agents"))).filter((id) => isAgentHeld(dataDir, id));
  const ended = await Promise.all(
    held.sort().map(async (id) => {
      const isAsked = !isStopped(id);
      const outcome = await endHost(dataDir, id, isAsked);
      if (outcome.outcome === "stopped") await createLaunchedAgents(dataDir, log).forget(id);
      if (!isAsked && outcome.outcome === "stopped") return [];
      onStopped(outcome);
      return [outcome];
    }),
  );
  return ended.flat();
}

async function endHost(dataDir: string, agent_id: AgentId, isAsked: boolean): Promise<StoppedAgent> {
  const deadline = performance.now() + hostEndsWithinMs;
  let host: KnownProcess | undefined;
  // A host gives up its lock a moment before its process is gone.
  while (isAgentHeld(dataDir, agent_id) || (host !== undefined && (await stillRunning([host])).length > 0)) {
    if (performance.now() > deadline) {
      const detail = host === undefined ? "its process is not known" : `pid ${host.pid} does not end`;
      return { agent_id, outcome: "failed", detail };
    }
    // A host that has just begun may write its run file only now.
    if (host === undefined) host = await findHost(dataDir, agent_id, isAsked);
    await pause(lookEveryMs);
  }
  return { agent_id, outcome: "stopped", detail: "its host was ended" };
}

async function findHost(dataDir: string, id: AgentId, isAsked: boolean): Promise<KnownProcess | undefined> {
  const host = (await readRunFile(dataDir, id))?.host;
  const [found] = host === undefined ? [] : await stillRunning([host]);
  if (found !== undefined && isAsked) await signalKnown(found, "SIGTERM");
  return found;
}
