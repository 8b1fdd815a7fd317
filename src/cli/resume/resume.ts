// This room is `cliai resume`.
//
// `cliai resume AGENT… | --all`: lets a paused agent go on, and starts an ended agent again, in its session, profile and project.
import { hostname } from "node:os";
import process from "node:process";
import { isAgentHeld } from "../../data-dir/agent-lock.ts";
import type { AgentView } from "../../domain/fleet/agent-view.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { type AgentId, parseAgentId } from "../../domain/wire/agent-id.ts";
import type { Bus } from "../../nats/bus.ts";
import { readProcessStart } from "../../processes/process-start.ts";
import { sendAndWatch } from "../../server/send-command.ts";
import { pause } from "../../waiting.ts";
import { ensureServer, startArgs } from "../background/ensure-server.ts";
import { clientArgs, dataDirFor, withClient } from "../fleet/client.ts";
import {
  type AgentReading,
  createFleetReader,
  type FleetReader,
  viewOf,
  viewsOf,
} from "../fleet/fleet-reading.ts";
import { type Arguments, defineCliCommand } from "../frame/command.ts";
import { configArgs, loadConfig } from "../frame/config-file.ts";
import { type CliContext, operatorOf } from "../frame/context.ts";
import { plain } from "../frame/terminal.ts";
import { throwWorst } from "../frame/worst-error.ts";
import { askForLaunch } from "../launch-desk.ts";
import { inTurns } from "../serve/in-turns.ts";
import { profileReader } from "../spawn/profile.ts";
import { spawnCommand } from "../spawn/spawn.ts";
import { declareGone } from "./declare-gone.ts";
import { type Again, againOf, type Standing, standingOf } from "./standing.ts";

const resumeArgs = {
  agent: { type: "positional", required: false, description: "ids of the agents; leave them out with --all" },
  all: { type: "boolean", description: "resume those that ran when the machine or the server went down" },
  headless: {
    type: "boolean",
    description:
      "let the server start the agent, without a terminal; the default with several agents or --json",
  },
  ...startArgs,
  ...configArgs,
  ...clientArgs,
} as const;

const resumeExample = "cliai resume ada, or: cliai resume --all";

type ResumeArgs = Arguments<typeof resumeArgs>;

/** Limits how many agents start at once, because each start of a CLI takes a processor for a second or more. */
const turns = { atOnce: 4, turnMs: 30_000 };
const letGoWithinMs = 10_000;
const settlesWithinMs = 20_000;
const lookEveryMs = 50;

export const resumeCommand = defineCliCommand({
  name: "resume",
  example: resumeExample,
  description: "let a paused agent go on; start an ended agent again, in its session",
  args: resumeArgs,
  takesMore: true,
  async run(args, context, more) {
    const ids = [...new Set([...(args.agent === undefined ? [] : [args.agent]), ...more].map(parseAgentId))];
    if ((args.all === true) !== (ids.length === 0)) {
      const message = args.all === true ? "--all takes no agent to name" : "resume needs the AGENT, or --all";
      throw new CliaiError("usage", message, { hint: resumeExample });
    }
    await ensureServer(args, context);
    const here = await withClient(args, context, (bus) => resumeAll({ args, ids, bus, context }));
    return here === undefined ? 0 : await startHere(here, args, context);
  },
});

interface Resuming {
  readonly args: ResumeArgs;
  readonly ids: readonly AgentId[];
  readonly bus: Bus;
  readonly context: CliContext;
}

/** Resumes the agents. Resolves to the agent that is to be started on this terminal, if there is one. */
async function resumeAll({ args, ids, bus, context }: Resuming): Promise<Again | undefined> {
  const reader = createFleetReader(bus, context);
  const dataDir = dataDirFor(args, context);
  const readings: AgentReading[] = [];
  for (const id of ids) readings.push(await reader.require(id));
  const views = args.all === true ? viewsOf(await reader.all()) : readings.map(viewOf);
  const standings = await Promise.all(
    views.map(async (each) => {
      const isHeld = () => isAgentHeld(dataDir, each.agent_id);
      // A host says goodbye a moment before it ends, and one that the server has just started is not connected yet.
      const view = await untilOnline(each, reader, isHeld);
      const isRunning = view.pid !== undefined && (await readProcessStart(view.pid)) !== undefined;
      return standingOf(view, { hostname: hostname(), isHeld: isHeld(), isRunning });
    }),
  );
  const chosen = args.all === true ? standings.filter(({ wentDown }) => wentDown) : standings;
  if (chosen.length === 0) context.note("no agent ran when the machine or the server went down");
  const [only] = chosen;
  const isHere = ids.length === 1 && args.headless !== true && !context.json && hasTerminal(context);
  if (isHere && only?.state === "ended") {
    await declareGone(bus, only, context);
    return againOf(only.view);
  }
  const errors: unknown[] = [];
  await inTurns(chosen, turns, async (standing) => {
    await resumeOne(standing, bus, context).catch((error: unknown) => errors.push(error));
  });
  throwWorst(errors, `${errors.length} of ${chosen.length} agents were not resumed`, context.note);
  return undefined;
}

/** Waits until the agent is online, or `mayCome` says that it does not come online, or the time is up. Resolves to its view by then. */
async function untilOnline(
  view: AgentView,
  reader: Pick<FleetReader, "find">,
  mayCome: () => boolean,
): Promise<AgentView> {
  const deadline = performance.now() + settlesWithinMs;
  let latest = view;
  while (latest.axes.link.value !== "online" && mayCome() && performance.now() < deadline) {
    await pause(lookEveryMs);
    const reading = await reader.find(view.agent_id);
    if (reading !== undefined) latest = viewOf(reading);
  }
  return latest;
}

function hasTerminal({ isTerminal }: CliContext): boolean {
  return isTerminal && process.stdin.isTTY === true;
}

async function resumeOne(standing: Standing, bus: Bus, context: CliContext): Promise<void> {
  const { view, state, why } = standing;
  const { agent_id } = view;
  const tell = (did: string, words: string, more: object = {}) =>
    context.print(context.json ? JSON.stringify({ agent_id, did, ...more }) : `${agent_id}: ${plain(words)}`);
  switch (state) {
    case "runs":
      return tell("nothing", `runs already (${view.status})`);
    case "elsewhere":
    case "unknown":
      throw new CliaiError("refused", `${agent_id}: ${why}`, { hint: `see it by: cliai show ${agent_id}` });
    case "paused":
      await letGo(standing, bus, context);
      return tell("let_go", "was paused, and goes on");
    case "ended": {
      await declareGone(bus, standing, context);
      const { profile, project, session } = againOf(view);
      const request = { profile: profile ?? "agent", project, id: agent_id, from: operatorOf(context) };
      const reader = createFleetReader(bus, context);
      try {
        await askForLaunch(bus, { ...request, ...(session === undefined ? {} : { resumes: session }) });
      } catch (error) {
        if (!(error instanceof CliaiError) || error.code !== "already_running") throw error;
        // At its own start the server starts those again that it had launched.
        const { axes, status } = await untilOnline(view, reader, () => true);
        if (axes.link.value !== "online") throw error;
        return tell("nothing", `runs already (${status})`);
      }
      const { session_id } = (await reader.find(agent_id))?.record ?? {};
      const isSame = session !== undefined && session_id === session;
      const which = isSame ? "in its session" : "in a new session, because it had none to go on in";
      return tell("started", `${why}; started again without a terminal, ${which}`, {
        session_id: session_id ?? null,
        is_new_session: !isSame,
      });
    }
  }
}

/** @throws CliaiError `no_answer`, `refused`, `failed` */
async function letGo({ view }: Standing, bus: Bus, context: CliContext): Promise<void> {
  const { agent_id } = view;
  const last = await sendAndWatch(
    bus,
    { id: agent_id, type: "resume", from: operatorOf(context) },
    {
      ...{ wait: "applied", timeoutMs: letGoWithinMs, target: view, now: context.now },
      onReceipt: () => undefined,
    },
  );
  if (last.state === "applied") return;
  const code = last.state === "refused" ? "refused" : "failed";
  throw new CliaiError(code, `${agent_id} does not go on: its resume is ${last.state}`, {
    hint: `see its receipts: cliai show ${agent_id}`,
  });
}

/** Runs the agent on this terminal, as `spawn` does, until its CLI has ended. */
async function startHere(again: Again, args: ResumeArgs, context: CliContext): Promise<number> {
  const { id, profile, project, session, role } = again;
  const loaded = await loadConfig(args.config, context);
  const profiles = await profileReader(loaded, dataDirFor(args, context))(project);
  const isKnown = profile !== undefined && profiles.list().some(({ name }) => name === profile);
  const flags = {
    ...{ id, project, role, resume: session },
    ...{ config: args.config, "data-dir": args["data-dir"], url: args.url, creds: args.creds },
  };
  context.note(`${id} goes on here${session === undefined ? ", in a new session" : ", in its session"}`);
  return await spawnCommand.run(
    [
      ...(isKnown ? [profile] : []),
      ...Object.entries(flags).flatMap(([name, value]) =>
        value === undefined ? [] : [`--${name}=${value}`],
      ),
    ],
    context,
  );
}
