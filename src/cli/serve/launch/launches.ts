// The agents that a serve has launched and those that it has taken up from the last serve: it watches their hosts, remembers them for the
// next serve, and forgets those that ended in order.
import { agentClis } from "../../../agents/agent-clis.ts";
import { isAgentHeld } from "../../../data-dir/agent-lock.ts";
import { createLaunchedAgents, type Launching } from "../../../data-dir/launched-agents.ts";
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { lastRunOf } from "../../../domain/fleet/evidence-that-counts.ts";
import type { LaunchFlags } from "../../../domain/launch-flags.ts";
import { isStopType } from "../../../domain/receipts.ts";
import { CliaiError } from "../../../domain/text/errors.ts";
import type { AgentId } from "../../../domain/wire/agent-id.ts";
import { isSessionId } from "../../../domain/wire/session-id.ts";
import { agentSubject } from "../../../domain/wire/subjects.ts";
import type { Bus } from "../../../nats/bus.ts";
import type { Server } from "../../../server/server.ts";
import { pause } from "../../../waiting.ts";
import { launchArgs } from "../../resume/launch-args.ts";
import { type AgentChild, launchWithinMs, type SignsOfStart, startAgentChild } from "./agent-child.ts";
import { beginningOf, keepNotes, requireGoingOn, sessionOf, warnOf } from "./begun-launches.ts";
import type { AgentLauncherOptions } from "./captains/captain-launcher.ts";
import type { NodeLaunching } from "./node-launch.ts";
import { takeUpHost } from "./taken-up-host.ts";

export interface LaunchesOptions extends AgentLauncherOptions {
  readonly server: Pick<Server, "fleet" | "sendCommand" | "catchUp">;
  readonly bus: Bus;
  /** Undefined where no machine can join. */
  readonly nodes?: NodeLaunching | undefined;
}

const goneWithinMs = 90_000;
const resumedWithinMs = 5_000;
export const lookEveryMs = 200;
const orderlyEnd = "exit code 0";

interface Launch {
  readonly profile: string;
  readonly project: string;
  /** The session to resume; a new session if left out. */
  readonly resumes?: string | undefined;
  /** More flags for `spawn`. */
  readonly more?: readonly string[];
  /** The flags of the launch. Each wins over the profile. */
  readonly flags?: LaunchFlags | undefined;
  /** How long its host may take to connect; default: {@link launchWithinMs}. */
  readonly withinMs?: number | undefined;
  /** Whether `launched.json` has the agent already, so that the next serve launches it if this one ends before it is connected. */
  readonly isRemembered?: boolean | undefined;
}

/** The agents of this serve: those that it launches, and those that it takes up from the last one. */
export function createLaunches(options: LaunchesOptions) {
  const { dataDir, context, server } = options;
  const { fleet } = server;
  const { log } = context;
  const memory = createLaunchedAgents(dataDir, log);
  const children = new Map<AgentId, Pick<AgentChild, "ended">>();
  /** The children that are starting and that are not in `launched.json` yet. */
  const starting = new Set<AgentChild>();
  const stopping = new AbortController();
  const notes = keepNotes(memory.launching, log, stopping.signal);

  const launch = async (id: AgentId, asked: Launch): Promise<void> => {
    requireGoingOn(id, stopping.signal);
    const order = { ...asked, ...beginningOf(asked, fleet.get(id), context.now()) };
    const { profile, project, more = [], flags = {}, isRemembered = false } = order;
    if (!isRemembered) await notes.keep(id, order);
    const runBefore = fleet.get(id)?.heartbeat?.instance_id;
    const { config = options.configPath, ...others } = flags;
    const { own, passedOn } = launchArgs(others);
    const child = startAgentChild({
      ...{ ...options, configPath: config, id, profile, project },
      more: ["--headless", ...more, ...own, ...passedOn],
    });
    children.set(id, child);
    if (!isRemembered) starting.add(child);
    const ending = child.ended.then((how) => onEnd(id, order, child, how));
    ending.catch(warnOf(id, log));
    try {
      await child.connected(signsOf(fleet, id, runBefore), order.withinMs ?? launchWithinMs, stopping.signal);
      const hasEnded = await resumedOrEnded(order, child, () => fleet.get(id));
      if (hasEnded && isSessionGone(order, child)) return await ending;
    } catch (error) {
      // If the session to resume no longer exists, onEnd launches the agent in a new one. Wait for the outcome of that launch.
      if (isSessionGone(order, child)) return await ending;
      if (!isRemembered) await notes.forget(id);
      throw error;
    } finally {
      starting.delete(child);
    }
    // A CLI that is slow may tell its session later.
    if (await remembered(id, order, child)) return;
    rememberLater(id, order, child).catch(warnOf(id, log));
  };
  /** Notes the agent with its session, so that the next serve can launch it again. Resolves to false while its session is not known. */
  const remembered = async (
    id: AgentId,
    { profile, project, ...begun }: Launching,
    child: Pick<AgentChild, "ended">,
  ): Promise<boolean> => {
    const session_id = sessionOf(fleet.get(id), begun);
    if (session_id === undefined) return false;
    if (!isSessionId(session_id)) return true; // no argument can name this session, so it cannot be resumed
    await memory.remember(id, { profile, project, session_id });
    if (!children.has(id) && !stopping.signal.aborted) await forgetIfOver(id, await child.ended);
    return true;
  };
  const rememberLater = async (
    id: AgentId,
    order: Launching,
    child: Pick<AgentChild, "ended">,
  ): Promise<void> => {
    while (children.get(id) === child && !stopping.signal.aborted) {
      if (await remembered(id, order, child)) return;
      await pause(lookEveryMs, stopping.signal);
    }
  };
  const onEnd = async (id: AgentId, order: Launch, child: AgentChild, how: string): Promise<void> => {
    if (children.get(id) === child) children.delete(id);
    if (stopping.signal.aborted) return;
    if (!isSessionGone(order, child)) {
      log.info(`${id} has ended: ${how}`);
      return await forgetIfOver(id, how);
    }
    log.warn(`${id} begins a new session: its last one (${order.resumes}) no longer exists`);
    await untilGone(id, options);
    const { profile, project, flags, withinMs, isRemembered } = order;
    await launch(id, { profile, project, flags, withinMs, isRemembered });
  };
  /** Forgets an agent that ended in order or was stopped. One that crashed is kept, so that the next serve launches it again. */
  const forgetIfOver = async (id: AgentId, how: string): Promise<void> => {
    if (how === orderlyEnd || isStopped(fleet.get(id))) return await memory.forget(id);
    if (!(await memory.read()).has(id)) return await memory.forget(id);
    log.warn(`${id} did not end in order (${how}): the next start of the server launches it again`);
  };
  const isTakenUp = async (id: AgentId): Promise<boolean> => {
    const found = await takeUpHost(id, options, stopping.signal);
    if (found === undefined) return false;
    children.set(id, found);
    const ending = found.ended.then(async (how) => {
      if (stopping.signal.aborted) return;
      children.delete(id);
      await forgetIfOver(id, how);
    });
    ending.catch(warnOf(id, log));
    const order = (await memory.launching.read()).get(id);
    if (order !== undefined) rememberLater(id, order, found).catch(warnOf(id, log));
    return true;
  };
  return { memory, children, noting: notes.noting, starting, stopping, launch, isTakenUp };
}

/**
 * A CLI can connect before it finds out that the session to resume no longer exists. This waits until the CLI reports the session, for
 * `resumedWithinMs` at most, because some CLIs report nothing before the next prompt. Resolves to whether the child has ended.
 */
async function resumedOrEnded(
  { resumes }: Launch,
  child: AgentChild,
  view: () => AgentView | undefined,
): Promise<boolean> {
  let hasEnded = false;
  void child.ended.then(() => {
    hasEnded = true;
  });
  const isHeard = () => {
    const { session, heartbeat } = view() ?? {};
    if (session === undefined || session.instance_id !== heartbeat?.instance_id) return false;
    // A CLI also names the session when it ends because it no longer has that session.
    return session.session_id === resumes && session.ended === undefined;
  };
  const deadline = performance.now() + resumedWithinMs;
  while (resumes !== undefined && !hasEnded && !isHeard() && performance.now() < deadline) {
    await pause(lookEveryMs);
  }
  return hasEnded;
}

/** Whether the last output of the child, which is its CLI's, says that the session to resume no longer exists. */
function isSessionGone({ resumes }: Launch, child: AgentChild): boolean {
  return resumes !== undefined && agentClis.some((cli) => cli.isSessionGone?.(child.lastWords()) === true);
}

/** Whether the agent was stopped, is to stop, or was to stop when its run ended otherwise. */
export function isStopped(view: AgentView | undefined): boolean {
  const control = view?.axes.control.value;
  if (control === "stopped" || control === "stop_requested") return true;
  const run = view && lastRunOf(view);
  return (view?.commands ?? []).some(
    ({ type, run_ended, ...command }) =>
      run !== undefined && command.run === run && isStopType(type) && run_ended !== undefined,
  );
}

/**
 * Waits until the agent's last run has ended. A host that was killed, or went down with its machine, could not report its end. So this
 * publishes the goodbye for an agent that shows as online but whose lock nobody holds.
 * @throws CliaiError `already_running`
 */
export async function untilGone(
  id: AgentId,
  { bus, server, context, dataDir, hosts }: LaunchesOptions,
): Promise<void> {
  const deadline = performance.now() + goneWithinMs;
  let isSaid = false;
  for (;;) {
    // Check what `spawn` will check: the record and the lock.
    const record = server.fleet.get(id);
    const isOnline = record?.axes.link.value === "online";
    const isHeld = isAgentHeld(dataDir, id);
    if (!isOnline && !isHeld) return;
    if (performance.now() > deadline)
      throw new CliaiError("already_running", `the agent "${id}" is online already`);
    if (!isSaid && !isHeld) {
      isSaid = true;
      // Its run file tells more of the end than is known here.
      await hosts.look(id);
      await server.catchUp(id);
      if (server.fleet.get(id)?.axes.link.value !== "online") continue;
      const instance_id = record?.heartbeat?.instance_id;
      const goodbye = { agent_id: id, status: "disconnected", message: "its host has ended without a word" };
      const timestamp = context.now().toISOString();
      bus.publish(agentSubject(id, "status"), {
        ...goodbye,
        timestamp,
        ...(instance_id ? { instance_id } : {}),
      });
    }
    await pause(lookEveryMs);
  }
}

/** Whether the agent is online with a new run, and no longer `starting`, which means that its CLI has reported something. */
export function isThere(view: AgentView | undefined, runBefore: string | undefined): boolean {
  return view?.status !== "starting" && isConnected(view, runBefore);
}

function signsOf(
  fleet: LaunchesOptions["server"]["fleet"],
  id: AgentId,
  runBefore: string | undefined,
): SignsOfStart {
  return {
    hasBegun: () => isThere(fleet.get(id), runBefore),
    isConnected: () => isConnected(fleet.get(id), runBefore),
  };
}

/** Whether the agent is online with a new run: its host is connected. */
function isConnected(view: AgentView | undefined, runBefore: string | undefined): boolean {
  if (view?.axes.link.value !== "online") return false;
  const run = view.heartbeat?.instance_id;
  return run !== undefined && run !== runBefore;
}
