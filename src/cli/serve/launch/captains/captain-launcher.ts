// This room launches agents for captains: on the server's machine, and on nodes.
//
// Launches agents for captains. Each agent works on its one task without a terminal, and ends when the task is done; if no `serve` runs
// then, it ends when the next one runs. The captain is told once how the agent ended, by this serve or by the next one, which finds the
// launch in `agents/<id>/launched-for.json`.
import { Buffer } from "node:buffer";
import process from "node:process";
import type { AgentCli } from "../../../../agents/agent-cli.ts";
import { isAgentHeld } from "../../../../data-dir/agent-lock.ts";
import {
  createLaunchesForCaptains,
  type LaunchedFor,
  type LaunchesForCaptains,
} from "../../../../data-dir/launched-agents.ts";
import { CliaiError, messageOf } from "../../../../domain/text/errors.ts";
import { summaryOf } from "../../../../domain/text/summary.ts";
import type { AgentId } from "../../../../domain/wire/agent-id.ts";
import type { LaunchAgent, LaunchedByCaptain, LaunchOrder } from "../../../../server/server.ts";
import type { EndedLaunch } from "../../../../server/tools/launch-notice.ts";
import { atMost, pause } from "../../../../waiting.ts";
import type { CliContext } from "../../../frame/context.ts";
import type { ProfileReader } from "../../../spawn/profile.ts";
import { type AgentChild, answerWithinMs, launchWithinMs, startAgentChild } from "../agent-child.ts";
import type { FailedLaunch } from "../failed-launch.ts";
import type { KilledHosts } from "../killed-hosts.ts";
import { checkLaunch, freeAgentId } from "../launch-request.ts";
import { takeUpHost, untilLocked } from "../taken-up-host.ts";
import { launchForCaptain, type OnNodeOptions, untilWorkEnds } from "./captain-on-node.ts";

export interface AgentLauncher {
  readonly launch: LaunchAgent;
  /** Takes up the agents that earlier serves launched for captains, and tells each captain when its agent has ended. */
  resume(): Promise<void>;
  /** Ends the launches whose captains wait for the answer. The other agents work on. */
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
  /** Tells the captain how an agent has ended. */
  readonly onEnded?: (ended: EndedLaunch) => Promise<void>;
  /** For launches on nodes. */
  readonly onNode?: OnNodeOptions | undefined;
}

const lookEveryMs = 200;
/** How often to try again if the captain takes no message. A captain that was stopped takes it when it is resumed. */
const tellEveryMs = 60_000;

export function createAgentLauncher(options: AgentLauncherOptions): AgentLauncher {
  const { profiles, context } = options;
  const { log } = context;
  const memory = createLaunchesForCaptains(options.dataDir, log);
  /** The launches whose captains wait for the answer. */
  const starting = new Map<AgentChild, AgentId>();
  const launches = new Map<string, Promise<LaunchedByCaptain>>();
  const own = new Set<AgentId>();
  const stopping = new AbortController();

  const { tellWhenEnded, tellOfNode, takeUp } = createTelling(options, memory, stopping.signal);
  const findBegun = createFindBegun(options, { memory, own, signal: stopping.signal });

  const connect = async (order: LaunchOrder, id: AgentId, known: LaunchedFor, child: AgentChild) => {
    const signs = { hasBegun: () => order.hasBegun(id), isConnected: () => order.isOnline(id) };
    try {
      await child.connected(signs, launchWithinMs, stopping.signal);
    } catch (error) {
      const wasAnswered = !starting.has(child);
      if (wasAnswered && stopping.signal.aborted) return; // it goes on, and the next serve sees to it
      if (!wasAnswered) await memory.forget(id);
      const { since } = known;
      try {
        await options.onFailed?.({ id, task: order.task, since, reason: messageOf(error) });
      } finally {
        if (wasAnswered) void tellWhenEnded(id, known, child);
      }
      throw error;
    } finally {
      starting.delete(child);
    }
    void tellWhenEnded(id, known, child);
  };
  const launch = async (order: LaunchOrder): Promise<LaunchedByCaptain> => {
    const { captain, profile, task, node, isKnown } = order;
    checkTask(task);
    const place = node === undefined ? await checkLaunch(order, { profiles, cwd: context.cwd }) : undefined;
    const begun = await findBegun(order);
    requireGoingOn(stopping.signal);
    if (begun !== undefined) return begun;
    if (place === undefined) {
      const { known, ...launched } = await launchForCaptain(order, options.onNode, memory);
      own.add(launched.agent_id);
      tellOfNode(launched.agent_id, known);
      return launched;
    }
    const { cli, project } = place;
    const id = freeAgentId(profile, isKnown);
    log.info(`launching ${id} (${cli.program}) for the captain ${captain}`);
    const since = context.now().toISOString();
    const known = { captain, task: summaryOf(task), since, call_id: order.callId };
    own.add(id);
    await memory.remember(id, known);
    if (stopping.signal.aborted) await memory.forget(id);
    requireGoingOn(stopping.signal);
    const child = startAgentChild({ ...options, id, profile, project, more: argsFor(cli, task) });
    starting.set(child, id);
    const connecting = connect(order, id, known, child);
    await atMost(answerWithinMs, connecting);
    const isConnected = !starting.delete(child);
    if (!isConnected) connecting.catch((error: unknown) => log.warn(messageOf(error)));
    return { agent_id: id, isConnected };
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
    async resume() {
      for (const [id, known] of await memory.read()) {
        if (own.has(id)) continue;
        takeUp(id, known).catch((error: unknown) => log.warn(`${id}: ${messageOf(error)}`));
      }
    },
    stop: async () => {
      stopping.abort();
      await Promise.all(
        [...starting].map(async ([child, id]) => {
          await child.end();
          await memory.forget(id);
        }),
      );
    },
  };
}

/** @throws CliaiError `interrupted` if this serve is ending */
function requireGoingOn(signal: AbortSignal): void {
  if (signal.aborted) throw new CliaiError("interrupted", "cannot launch an agent: the server is ending");
}

/**
 * Returns a function that finds the launch that an earlier serve has begun for the same call: the captain repeats its call if the serve that
 * had it is gone. It resolves with undefined if there is none, or if it has come to nothing.
 * @param begunHere `own`: the agents that this serve launches
 */
function createFindBegun(
  { dataDir, context }: Pick<AgentLauncherOptions, "dataDir" | "context">,
  begunHere: {
    readonly memory: LaunchesForCaptains;
    readonly own: ReadonlySet<AgentId>;
    readonly signal: AbortSignal;
  },
): (order: LaunchOrder) => Promise<LaunchedByCaptain | undefined> {
  const { memory, own, signal } = begunHere;
  return async ({ callId, isKnown, hasBegun }) => {
    const begun = [...(await memory.read())].find(([, { call_id }]) => call_id === callId);
    if (begun === undefined || own.has(begun[0])) return undefined;
    const [id, { since, node }] = begun;
    if (node !== undefined) return { agent_id: id, isConnected: hasBegun(id) };
    if (!isKnown(id)) await untilLocked(id, since, { dataDir, context }, signal);
    const isHeld = () => isAgentHeld(dataDir, id);
    const deadline = performance.now() + answerWithinMs;
    while (isHeld() && !hasBegun(id) && performance.now() < deadline && !signal.aborted)
      await pause(lookEveryMs, signal);
    return isHeld() || isKnown(id) ? { agent_id: id, isConnected: hasBegun(id) } : undefined;
  };
}

/** Tells captains how their agents have ended, and forgets what was told. */
function createTelling(options: AgentLauncherOptions, memory: LaunchesForCaptains, signal: AbortSignal) {
  const { context } = options;
  const tell = async (id: AgentId, { captain, task }: LaunchedFor, how: string) => {
    for (let tries = 0; !signal.aborted; tries++) {
      try {
        await options.onEnded?.({ id, captain, task, how });
        return await memory.forget(id);
      } catch (error) {
        const words = `${captain} is not told yet how ${id} has ended: ${messageOf(error)}`;
        if (tries === 0 && !signal.aborted) context.log.warn(words);
        await pause(tellEveryMs, signal);
      }
    }
  };
  const tellWhenEnded = async (id: AgentId, known: LaunchedFor, child: Pick<AgentChild, "ended">) => {
    const how = await child.ended;
    await tell(id, known, how);
  };
  const tellOfNode = (id: AgentId, known: LaunchedFor) => {
    const { onNode } = options;
    if (onNode === undefined) return;
    void tellWhenEnded(id, known, { ended: untilWorkEnds(id, known, onNode, signal) });
  };
  /** Watches an agent that an earlier serve launched. If it has ended since, tells its captain at once. */
  const takeUp = async (id: AgentId, known: LaunchedFor) => {
    if (known.node !== undefined) return tellOfNode(id, known);
    await untilLocked(id, known.since, options, signal);
    if (signal.aborted) return;
    const host = await takeUpHost(id, options, signal);
    if (host !== undefined) return await tellWhenEnded(id, known, host);
    await options.hosts.look(id);
    await tell(id, known, "its end was not seen");
  };
  return { tellWhenEnded, tellOfNode, takeUp };
}

/**
 * The arguments for an agent that works on one task without a terminal and ends when the task is done. If cliai can steer the CLI's session
 * (`openSession`), `--wait` does that. Otherwise the CLI gets its own arguments for unattended work (`unattendedArgs`).
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
