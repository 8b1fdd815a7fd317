// Launches headless agents for people. An agent works until it is stopped. Its host outlives `serve`, and the next `serve` takes it
// up again. If the host has ended meanwhile, such as by a reboot, `serve` launches the agent again, in the same session.
import { existsSync } from "node:fs";
import { isAbsolute } from "node:path";
import { isAgentHeld } from "../../../data-dir/agent-lock.ts";
import type { Launched, Launching, LaunchTask } from "../../../data-dir/launched-agents.ts";
import { readLaunchedAs } from "../../../data-dir/launched-as.ts";
import { definedOf } from "../../../domain/defined.ts";
import { flagsAgain, type LaunchFlags } from "../../../domain/launch-flags.ts";
import { CliaiError, messageOf } from "../../../domain/text/errors.ts";
import { type AgentId, caseTwinOf } from "../../../domain/wire/agent-id.ts";
import { isSessionId } from "../../../domain/wire/session-id.ts";
import type { ProfileSet } from "../../../profiles/profile-set.ts";
import { atMost, pause } from "../../../waiting.ts";
import type { LaunchableProfile, Spawner } from "../../../web/api/spawner.ts";
import { answerWithinMs } from "./agent-child.ts";
import { runOf, sessionOf } from "./begun-launches.ts";
import { noteFailedLaunch } from "./failed-launch.ts";
import { inTurns } from "./in-turns.ts";
import { freeAgentId } from "./launch-request.ts";
import { startHere, startThere } from "./launch-start.ts";
import { keepLaunchTasks } from "./launch-tasks.ts";
import { createLaunches, isStopped, type LaunchesOptions, lookEveryMs, untilGone } from "./launches.ts";
import { isLeftToNextServe } from "./node-launch.ts";
import { resumedArgs } from "./resumed-args.ts";
import { untilLocked } from "./taken-up-host.ts";

export interface HeadlessAgents extends Spawner {
  /** The agents that `resume` will launch again. */
  toResume(): Promise<readonly AgentId[]>;
  /**
   * Takes up the agents that the last serve launched: those whose hosts run, as they are; the others are launched again. Resolves when
   * each one is back, or cannot be launched.
   */
  resume(): Promise<void>;
  /** Ends the launches that are not over yet. The other agents run on, and the next serve takes them up again. */
  stop(): Promise<void>;
}

const endsWithinMs = 15_000;
/** Limits how many agents start at once, because each start of a CLI takes a processor for a second or more. */
const turns = { atOnce: 4, turnMs: 24_000 };

export function createHeadlessAgents(options: LaunchesOptions): HeadlessAgents {
  const { profiles, context, server } = options;
  const { fleet } = server;
  const { log } = context;
  const launches = createLaunches(options);
  const { memory, children, noting, starting, stopping } = launches;
  const { resumeOne, takeUpLaunch } = createTakingUp(options, launches);
  const tasks = keepLaunchTasks(options, launches);
  /** Work that goes on after its caller got an answer. */
  const late = new Set<Promise<void>>();
  const keepGoing = (work: Promise<void>) => {
    const goingOn = work.catch((error: unknown) => log.warn(messageOf(error)));
    late.add(goingOn);
    void goingOn.then(() => late.delete(goingOn));
  };
  return {
    async profiles(project = "") {
      return profilesOf(await profiles(isAbsolute(project) ? project : context.cwd));
    },
    async spawn(
      { task, id: wanted, from, resumes, again, flags: given = {}, ...request },
      waitsMs = answerWithinMs,
    ) {
      const { profile, node } = request;
      const before = again === true && wanted !== undefined ? await lastFlags(wanted, options) : {};
      const flags = { ...before, ...given };
      const start =
        node === undefined
          ? await startHere(request, flags, launches, options)
          : await startThere(node, { ...request, resumes, from }, flags, launches, options);
      const isTaken = (id: AgentId) => children.has(id) || fleet.get(id) !== undefined;
      const id = wanted ?? freeAgentId(profile, isTaken);
      if (resumes !== undefined) {
        await untilEndedOrOnline(id, launches, fleet);
        // What its last run has left to report comes before the new one, which would else do it again.
        await options.hosts.look(id);
      }
      requireFree(id, new Set([...children.keys(), ...tasks.noting, ...noting]), options);
      log.info(`launching ${id} for ${from}`);
      const since = context.now().toISOString();
      const resumed = resumes === undefined ? {} : resumedArgs(fleet.get(id), resumes);
      const begun = { since, run_before: runOf(fleet.get(id)), ...definedOf({ node }) };
      const order = task === undefined ? undefined : orderOf(task, from, begun);
      const spawned = { agent_id: id, ...(order && { command_id: order.command_id }) };
      let isAnswered = false;
      const launchWithTask = async () => {
        if (order !== undefined) await tasks.keep(id, order);
        await start(id, resumed).catch(async (error: unknown) => {
          if (node !== undefined && isLeftToNextServe(error)) throw error;
          const failed = { id, task, commandId: order?.command_id, since, reason: messageOf(error) };
          const isTold = stopping.signal.aborted && !isAnswered; // the caller gets the error instead
          if (!isTold) await noteFailedLaunch({ ...options, fleet, now: context.now }, failed);
          await tasks.forget(id);
          throw error;
        });
        if (order !== undefined) await tasks.give(id, order);
      };
      let isStarted = false;
      const launching = launchWithTask().then(() => {
        isStarted = true;
      });
      await atMost(waitsMs, launching);
      if (isStarted) return spawned;
      isAnswered = true;
      keepGoing(launching);
      return { ...spawned, starting: true };
    },
    async nodes() {
      return (await options.nodes?.launchable()) ?? [];
    },
    async toResume() {
      const ids = [...(await memory.read()).keys()];
      return ids.filter((id) => !isAgentHeld(options.dataDir, id) && !isStopped(fleet.get(id))).sort();
    },
    async resume() {
      for (const giving of await tasks.giveLeft()) keepGoing(giving);
      const remembered = await memory.read();
      for (const [id, launching] of await memory.launching.read())
        if (!remembered.has(id)) keepGoing(takeUpLaunch(id, launching));
      await inTurns(remembered, turns, async ([id, known]) => {
        await resumeOne(id, known).catch((error: unknown) => {
          if (!stopping.signal.aborted) log.warn(`${id} is not resumed: ${messageOf(error)}`);
        });
      });
    },
    async stop() {
      stopping.abort();
      await Promise.all([...starting].map((child) => child.end()));
      await Promise.allSettled(late);
    },
  };
}

/** Takes up the agents that the last serve launched, or launches them again. */
function createTakingUp(options: LaunchesOptions, launches: ReturnType<typeof createLaunches>) {
  const { fleet } = options.server;
  const { memory, children, stopping, launch, isTakenUp } = launches;
  /** Takes up an agent whose launch an earlier serve has begun. Launches it again if it has ended since, and its session is known. */
  const takeUpLaunch = async (id: AgentId, launching: Launching) => {
    const { profile, project, since } = launching;
    await untilLocked(id, since, options, stopping.signal);
    if (stopping.signal.aborted || children.has(id) || (await isTakenUp(id))) return;
    // What is noted is for the next serve then.
    if (stopping.signal.aborted) return;
    const session_id = sessionOf(fleet.get(id), launching);
    // The agent may have been removed meanwhile, and the file with it.
    if (!(await memory.launching.read()).has(id)) return;
    if (!isSessionId(session_id)) return await memory.launching.forget(id);
    const known = { profile, project, session_id };
    await memory.remember(id, known);
    await resumeOne(id, known);
  };
  const resumeOne = async (id: AgentId, { profile, project, session_id }: Launched) => {
    if (children.has(id) || (await isTakenUp(id))) return;
    const view = fleet.get(id);
    if (isStopped(view)) return await memory.forget(id);
    await options.hosts.look(id);
    await untilGone(id, options);
    // A person has resumed it meanwhile.
    if (children.has(id)) return;
    options.context.log.info(`resuming ${id}`);
    const { resumes, more } = resumedArgs(view, session_id);
    const flags = await lastFlags(id, options);
    // Without a time limit, because nobody waits for an answer here.
    const withinMs = Number.POSITIVE_INFINITY;
    await launch(id, { profile, project, resumes, more, flags, withinMs, isRemembered: true });
  };
  return { resumeOne, takeUpLaunch };
}

/** Waits until an agent that is resumed has ended or is online: its process ends a moment after its goodbye, or has just begun. */
async function untilEndedOrOnline(
  id: AgentId,
  { children }: Pick<ReturnType<typeof createLaunches>, "children">,
  fleet: LaunchesOptions["server"]["fleet"],
): Promise<void> {
  const deadline = performance.now() + endsWithinMs;
  const isOnline = () => fleet.get(id)?.axes.link.value === "online";
  while (children.has(id) && !isOnline() && performance.now() < deadline) await pause(lookEveryMs);
}

function orderOf(
  text: string,
  from: string,
  begun: Pick<LaunchTask, "since" | "run_before" | "node">,
): LaunchTask {
  return { command_id: crypto.randomUUID(), text, from, ...begun };
}

/** The flags of the agent's last launch. If its settings file no longer exists, the server's settings file counts. */
async function lastFlags(id: AgentId, { dataDir, context }: LaunchesOptions): Promise<LaunchFlags> {
  const before = await readLaunchedAs(dataDir, id);
  if (before?.has_secret === true) {
    context.log.warn(`${id}: its arguments after -- were not kept, because one of them looks like a secret`);
  }
  const { config, ...flags } = flagsAgain(before, {});
  return config !== undefined && existsSync(config) ? { ...flags, config } : flags;
}

function profilesOf(set: ProfileSet): LaunchableProfile[] {
  return set.list().map(({ name, found, problem }) => ({
    name,
    ...definedOf({ description: found?.profile.description, problem: problem?.message }),
  }));
}

/** @throws CliaiError `agent_id_invalid`, `already_running` */
function requireFree(
  id: AgentId,
  launched: ReadonlySet<AgentId>,
  { dataDir, server }: LaunchesOptions,
): void {
  const views = server.fleet.list();
  const twin = caseTwinOf(id, [...launched, ...views.map(({ agent_id }) => agent_id)]);
  if (twin !== undefined) {
    throw new CliaiError("agent_id_invalid", `"${id}" differs from the agent "${twin}" in case only`, {
      hint: "use that id or another one",
    });
  }
  const link = views.find(({ agent_id }) => agent_id === id)?.axes.link.value;
  if (link !== "online" && !launched.has(id) && !isAgentHeld(dataDir, id)) return;
  throw new CliaiError("already_running", `the agent "${id}" is online already`, {
    hint: "stop it first, or use another id",
  });
}
