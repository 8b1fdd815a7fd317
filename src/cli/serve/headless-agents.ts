// Launches headless agents for people. An agent works until it is stopped. Its host outlives `serve`, and the next `serve` takes it
// up again. If the host has ended meanwhile, such as by a reboot, `serve` launches the agent again, in the same session.
import { isAbsolute } from "node:path";
import { agentClis } from "../../agents/agent-clis.ts";
import { isAgentHeld } from "../../data-dir/agent-lock.ts";
import { createLaunchedAgents, type Launched } from "../../data-dir/launched-agents.ts";
import { readRunFile } from "../../data-dir/run-file.ts";
import { definedOf } from "../../domain/defined.ts";
import type { AgentView } from "../../domain/fleet/agent-view.ts";
import { failedWithSession, isHad } from "../../domain/fleet/run-end.ts";
import { hasConversation, isTurnOpen, type SessionEvidence } from "../../domain/fleet/session-evidence.ts";
import type { CommandRecord } from "../../domain/receipts.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import { type AgentId, caseTwinOf } from "../../domain/wire/agent-id.ts";
import { agentSubject } from "../../domain/wire/subjects.ts";
import type { Bus } from "../../nats/bus.ts";
import { type KnownProcess, stillRunning } from "../../processes/process-table.ts";
import type { ProfileSet } from "../../profiles/profile-set.ts";
import type { Server } from "../../server/server.ts";
import { pause } from "../../waiting.ts";
import type { LaunchableProfile, Spawner } from "../../web/api/spawner.ts";
import { type AgentChild, startAgentChild, watchHost } from "./agent-child.ts";
import type { AgentLauncherOptions } from "./captain-launcher.ts";
import { noteFailedLaunch } from "./failed-launch.ts";
import { inTurns } from "./in-turns.ts";
import { checkLaunch, freeAgentId } from "./launch-request.ts";

export interface HeadlessAgents extends Spawner {
  /**
   * Takes up the agents that the last serve launched: those whose hosts run, as they are; the others are launched again. Resolves when
   * each one is back, or cannot be launched.
   */
  resume(): Promise<void>;
  /** Ends the launches that nobody was told of yet. The other agents run on, and the next serve takes them up again. */
  stop(): Promise<void>;
}

export interface HeadlessAgentsOptions extends AgentLauncherOptions {
  readonly server: Pick<Server, "fleet" | "sendCommand">;
  readonly bus: Bus;
}

const goneWithinMs = 90_000;
const endsWithinMs = 15_000;
const saidWithinMs = 5_000;
const lookEveryMs = 200;
/** Limits how many agents start at once, because each start of a CLI takes a processor for a second or more. */
const turns = { atOnce: 4, turnMs: 24_000 };
const orderlyEnd = "exit code 0";
const cutOff = "You were cut off, and have been started again.";

/** What to tell an agent whose turn was cut off; undefined if all its commands have ended, so that it has nothing to go on with. */
function goOnWords(commands: readonly CommandRecord[], sessionId: string): string | undefined {
  const goOn = `${cutOff} Go on where you were.`;
  const failed = commands.filter((command) => failedWithSession(command, sessionId));
  if (failed.length === 0) return goOn;
  const isOpen = commands.some((command) => isHad(command) && command.taken_by?.session_id === sessionId);
  if (!isOpen) return undefined;
  const ids = failed.map(({ command_id }) => command_id).join(", ");
  return `${goOn} But do not go on with ${ids}: that has ended as failed in the meantime.`;
}

interface Launch {
  readonly profile: string;
  readonly project: string;
  /** The session to resume; a new session if left out. */
  readonly resumes?: string | undefined;
  /** More flags for `spawn`. */
  readonly more?: readonly string[];
  readonly withinMs?: number | undefined;
  /** Whether it stands in its launched.json already, so that the next serve launches it if this one ends before it is there. */
  readonly isRemembered?: boolean | undefined;
}

/** The agents of this serve: those that it launches, and those that it takes up from the last one. */
function createLaunches(options: HeadlessAgentsOptions) {
  const { dataDir, context, server } = options;
  const { fleet } = server;
  const { log } = context;
  const memory = createLaunchedAgents(dataDir, log);
  const children = new Map<AgentId, Pick<AgentChild, "ended">>();
  /** Launched, and not remembered yet. */
  const starting = new Set<AgentChild>();
  const stopping = new AbortController();

  const launch = async (id: AgentId, order: Launch): Promise<void> => {
    if (stopping.signal.aborted)
      throw new CliaiError("interrupted", `cannot launch ${id}: the server is ending`);
    const { profile, project, more = [], withinMs, isRemembered = false } = order;
    const runBefore = fleet.get(id)?.heartbeat?.instance_id;
    const flags = ["--headless", ...more];
    const child = startAgentChild({ ...options, id, profile, project, more: flags });
    children.set(id, child);
    if (!isRemembered) starting.add(child);
    const ending = child.ended.then((how) => onEnd(id, order, child, how));
    ending.catch((error: unknown) => log.warn(`${id}: ${messageOf(error)}`));
    try {
      await child.connected(() => isThere(fleet.get(id), runBefore), withinMs);
    } catch (error) {
      // Then onEnd launches the agent in a new session. Wait for the outcome of that launch.
      if (isSessionGone(order, child)) return await ending;
      throw error;
    } finally {
      starting.delete(child);
    }
    const session_id = fleet.get(id)?.session_id;
    if (session_id === undefined) return;
    await memory.remember(id, { profile, project, session_id });
    if (!children.has(id) && !stopping.signal.aborted) await forgetIfOver(id, await child.ended);
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
    const { profile, project, withinMs, isRemembered } = order;
    await launch(id, { profile, project, withinMs, isRemembered });
  };
  /** Forgets an agent that ended in order or was stopped. One that crashed is kept, so that the next serve launches it again. */
  const forgetIfOver = async (id: AgentId, how: string): Promise<void> => {
    if (how === orderlyEnd || isStopped(fleet.get(id))) return await memory.forget(id);
    if (!(await memory.read()).has(id)) return;
    log.warn(`${id} did not end in order (${how}): the next start of the server launches it again`);
  };
  const isTakenUp = async (id: AgentId): Promise<boolean> => {
    const found = await takeUp(id, options, stopping.signal);
    if (found === undefined) return false;
    children.set(id, found);
    void found.ended.then(async (how) => {
      if (stopping.signal.aborted) return;
      children.delete(id);
      await forgetIfOver(id, how);
    });
    return true;
  };
  return { memory, children, starting, stopping, launch, isTakenUp };
}

export function createHeadlessAgents(options: HeadlessAgentsOptions): HeadlessAgents {
  const { profiles, context, server } = options;
  const { fleet } = server;
  const { log } = context;
  const { memory, children, starting, stopping, launch, isTakenUp } = createLaunches(options);
  /** Waits for the process of an agent that is resumed: it ends a moment after its goodbye, or has just begun. */
  const untilEndedOrOnline = async (id: AgentId): Promise<void> => {
    const deadline = performance.now() + endsWithinMs;
    const isOnline = () => fleet.get(id)?.axes.link.value === "online";
    while (children.has(id) && !isOnline() && performance.now() < deadline) await pause(lookEveryMs);
  };
  const resumeOne = async (id: AgentId, { profile, project, session_id }: Launched) => {
    if (children.has(id) || (await isTakenUp(id))) return;
    const view = fleet.get(id);
    if (isStopped(view)) return await memory.forget(id);
    await untilGone(id, options);
    // A person has resumed it meanwhile.
    if (children.has(id)) return;
    log.info(`resuming ${id}`);
    const { resumes, more } = resumedArgs(view, session_id);
    // Without a time limit, because nobody waits for an answer here.
    const withinMs = Number.POSITIVE_INFINITY;
    await launch(id, { profile, project, resumes, more, withinMs, isRemembered: true });
  };

  return {
    async profiles(project = "") {
      return profilesOf(await profiles(isAbsolute(project) ? project : context.cwd));
    },
    async spawn({ task, id: wanted, from, resumes, ...request }) {
      const { profile } = request;
      const { cli, project } = await checkLaunch(request, { profiles, cwd: context.cwd });
      if (cli.headless === undefined)
        throw new CliaiError("message_invalid", `${cli.name} cannot run without a terminal`);
      const isTaken = (id: AgentId) => children.has(id) || fleet.get(id) !== undefined;
      const id = wanted ?? freeAgentId(profile, isTaken);
      if (resumes !== undefined) await untilEndedOrOnline(id);
      requireFree(id, children, options);
      log.info(`launching ${id} for ${from}`);
      const since = context.now().toISOString();
      const again = resumes === undefined ? {} : resumedArgs(fleet.get(id), resumes);
      await launch(id, { profile, project, ...again }).catch(async (error: unknown) => {
        const failed = { id, task, since, reason: messageOf(error) };
        if (!stopping.signal.aborted) await noteFailedLaunch({ ...options, fleet, now: context.now }, failed);
        throw error;
      });
      if (task === undefined) return { agent_id: id };
      const { command_id } = await server.sendCommand({ id, type: "task", text: task, from });
      return { agent_id: id, command_id };
    },
    async resume() {
      await inTurns(await memory.read(), turns, async ([id, known]) => {
        await resumeOne(id, known).catch((error: unknown) => {
          if (!stopping.signal.aborted) log.warn(`${id} is not resumed: ${messageOf(error)}`);
        });
      });
    },
    async stop() {
      stopping.abort();
      await Promise.all([...starting].map((child) => child.end()));
    },
  };
}

/** Watches its host, if that runs. Nothing else changes for the agent. */
async function takeUp(
  id: AgentId,
  { dataDir, context }: HeadlessAgentsOptions,
  signal: AbortSignal,
): Promise<Pick<AgentChild, "ended"> | undefined> {
  const host = await findHost(dataDir, id);
  if (host === undefined) return undefined;
  context.log.info(`${id} runs on (pid ${host.pid}): this server has it again`);
  return { ended: watchHost({ dataDir, id, context, host, signal }) };
}

/** Its host, by the kernel's lock and by what its run file says; a host that has just begun writes that a moment later. */
async function findHost(dataDir: string, id: AgentId): Promise<KnownProcess | undefined> {
  const deadline = performance.now() + saidWithinMs;
  while (isAgentHeld(dataDir, id) && performance.now() < deadline) {
    const host = (await readRunFile(dataDir, id))?.host;
    const [found] = host === undefined ? [] : await stillRunning([host]);
    if (found !== undefined) return found;
    await pause(lookEveryMs);
  }
  return undefined;
}

/** The flags by which `spawn` resumes a session. Empty if there was no prompt yet, because then the CLI has stored no session. */
function resumedArgs(
  view: AgentView | undefined,
  session_id: string,
): Required<Pick<Launch, "more">> & Pick<Launch, "resumes"> {
  const { session, commands = [] } = view ?? {};
  if (session === undefined || !hasConversation(session)) return { more: [] };
  // A run that ended before it was told to go on has shown no turn, but its session still has its tasks.
  const isOwed = commands.some((command) => isHad(command) && command.taken_by?.session_id === session_id);
  const text = wasCutOff(session) || isOwed ? goOnWords(commands, session_id) : undefined;
  // As its first task, so that it goes on with what was cut off before it takes new orders.
  const goOnArgs = text === undefined ? [] : [`--task=${text}`];
  return { resumes: session_id, more: [`--resume=${session_id}`, ...goOnArgs] };
}

function profilesOf(set: ProfileSet): LaunchableProfile[] {
  return set.list().map(({ name, found, problem }) => ({
    name,
    ...definedOf({ description: found?.profile.description, problem: problem?.message }),
  }));
}

/** Whether the last output of the child, which is its CLI's, says that the session to resume no longer exists. */
function isSessionGone({ resumes }: Launch, child: AgentChild): boolean {
  return resumes !== undefined && agentClis.some((cli) => cli.isSessionGone?.(child.lastWords()) === true);
}

function isStopped(view: AgentView | undefined): boolean {
  const control = view?.axes.control.value;
  return control === "stopped" || control === "stop_requested";
}

/** Whether the session ended in the middle of a turn, including a session whose end was never reported. */
function wasCutOff(session: SessionEvidence): boolean {
  const { turn, ended } = session;
  return isTurnOpen(session) || (ended !== undefined && turn?.ended_at === ended.at);
}

/**
 * Waits until the agent's last run has ended. A host that was killed, or went down with its machine, could not report its end. So this
 * publishes the goodbye for an agent that shows as online but whose lock nobody holds.
 * @throws CliaiError `already_running`
 */
async function untilGone(
  id: AgentId,
  { bus, server, context, dataDir }: HeadlessAgentsOptions,
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
  if (view?.axes.link.value !== "online" || view.status === "starting") return false;
  const run = view.heartbeat?.instance_id;
  return run !== undefined && run !== runBefore;
}

/** @throws CliaiError `agent_id_invalid`, `already_running` */
function requireFree(
  id: AgentId,
  children: ReadonlyMap<AgentId, unknown>,
  { dataDir, server }: HeadlessAgentsOptions,
): void {
  const views = server.fleet.list();
  const twin = caseTwinOf(id, [...children.keys(), ...views.map(({ agent_id }) => agent_id)]);
  if (twin !== undefined) {
    throw new CliaiError("agent_id_invalid", `"${id}" differs from the agent "${twin}" in case only`, {
      hint: "use that id or another one",
    });
  }
  const link = views.find(({ agent_id }) => agent_id === id)?.axes.link.value;
  if (link !== "online" && !children.has(id) && !isAgentHeld(dataDir, id)) return;
  throw new CliaiError("already_running", `the agent "${id}" is online already`, {
    hint: "stop it first, or use another id",
  });
}
