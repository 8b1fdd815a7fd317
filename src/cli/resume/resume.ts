// This room is `cliai resume`.
//
// `cliai resume AGENT… | --all`: lets a paused agent go on, and starts an ended agent again as it was launched: in its session, profile
// and project, with its flags, on a terminal or without one.
import { hostname } from "node:os";
import process from "node:process";
import { belongsOnTerminal } from "../../domain/launch-flags.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { type AgentId, parseAgentId } from "../../domain/wire/agent-id.ts";
import type { Bus } from "../../nats/bus.ts";
import { ensureServer, startArgs } from "../background/ensure-server.ts";
import { clientArgs, dataDirFor, withClient } from "../fleet/client.ts";
import { type AgentReading, createFleetReader, viewOf, viewsOf } from "../fleet/fleet-reading.ts";
import { type Arguments, defineCliCommand } from "../frame/command.ts";
import { configArgs } from "../frame/config-file.ts";
import type { CliContext } from "../frame/context.ts";
import { throwWorst } from "../frame/worst-error.ts";
import { inTurns } from "../serve/launch/in-turns.ts";
import { spawnArgs } from "../spawn/spawn-args.ts";
import { declareGone } from "./declare-gone.ts";
import { endClosed, runsOnClosed } from "./end-closed.ts";
import { launchFlagsOf } from "./launch-args.ts";
import { isOfTerminal, onTerminalLine, requireLaunched, resumeOne } from "./resume-one.ts";
import { againOf } from "./standing.ts";
import { type Here, startHere } from "./start-here.ts";
import { readToResume } from "./to-resume.ts";

const resumeArgs = {
  agent: { type: "positional", required: false, description: "ids of the agents; leave them out with --all" },
  all: {
    type: "boolean",
    description:
      "resume those that ran when the machine or the server went down, or that down --agents stopped",
  },
  here: {
    type: "boolean",
    description:
      "start agents on this machine that ran on another one, when they run there no longer: after the server has moved to this machine",
  },
  headless: {
    type: "boolean",
    description:
      "let the server start the agent without a terminal this time; the default for an agent that was launched without one, for several agents, and with --json",
  },
  terminal: {
    type: "boolean",
    description:
      "start the agent on this terminal, even if it was launched without one; if it still runs, but its window was closed, end it first",
  },
  role: spawnArgs.role,
  model: spawnArgs.model,
  "model-server": spawnArgs["model-server"],
  "strict-mcp": spawnArgs["strict-mcp"],
  ...startArgs,
  ...configArgs,
  ...clientArgs,
} as const;

const resumeExample = "cliai resume ada, or: cliai resume --all";

type ResumeArgs = Arguments<typeof resumeArgs>;

/** Limits how many agents start at once, because each start of a CLI takes a processor for a second or more. */
const turns = { atOnce: 4, turnMs: 30_000 };

export const resumeCommand = defineCliCommand({
  name: "resume",
  example: resumeExample,
  description:
    "let a paused agent go on; start an ended agent again as it was launched, in its session; arguments after -- go to its CLI instead of the earlier ones",
  args: resumeArgs,
  takesMore: true,
  passesOn: true,
  async run(args, context, more, passedOn) {
    const ids = [...new Set([...(args.agent === undefined ? [] : [args.agent]), ...more].map(parseAgentId))];
    checkArgs(args, ids, context);
    await ensureServer(args, context);
    const resuming = { args, ids, passedOn };
    const here = await withClient(args, context, (bus) => resumeAll(resuming, bus, context));
    return here === undefined ? 0 : await startHere(here, args, context);
  },
});

interface Resuming {
  readonly args: ResumeArgs;
  readonly ids: readonly AgentId[];
  readonly passedOn: readonly string[] | undefined;
}

/** @throws CliaiError `usage` */
function checkArgs(args: ResumeArgs, ids: readonly AgentId[], context: CliContext): void {
  if ((args.all === true) !== (ids.length === 0)) {
    const message =
      args.all === true
        ? `--all takes no AGENT, but "${ids[0]}" is given`
        : "resume needs the AGENT, or --all";
    throw new CliaiError("usage", message, { hint: resumeExample });
  }
  if (args.terminal !== true || (ids.length === 1 && args.headless !== true && isOnTerminal(context))) return;
  const why =
    args.headless === true
      ? "--terminal is given with --headless"
      : ids.length === 1
        ? "--terminal is given, and there is no terminal here"
        : "--terminal is given with several agents";
  throw new CliaiError("usage", why, {
    hint: "leave --terminal out: the server starts it without a terminal",
  });
}

/** Resumes the agents. Resolves to the agent that is to be started on this terminal, if there is one. */
async function resumeAll(
  { args, ids, passedOn }: Resuming,
  bus: Bus,
  context: CliContext,
): Promise<Here | undefined> {
  const reader = createFleetReader(bus, context);
  const dataDir = dataDirFor(args, context);
  const given = launchFlagsOf(args, passedOn, context);
  const readings: AgentReading[] = [];
  for (const id of ids) readings.push(await reader.require(id));
  const views = args.all === true ? viewsOf(await reader.all()) : readings.map(viewOf);
  const how = { dataDir, given, takesOver: args.here };
  const all = await Promise.all(views.map((view) => readToResume(view, reader, how)));
  const chosen = args.all === true ? all.filter(({ standing }) => standing.wentDown) : all;
  if (chosen.length === 0) context.note("no agent ran when the machine or the server went down");
  const [only] = chosen;
  if (args.terminal === true && only !== undefined && runsOnClosed(only.standing, hostname())) {
    const { view } = only.standing;
    await endClosed(view, dataDir, bus, context);
    return { ...only, again: againOf(view) };
  }
  if (ids.length === 1 && only?.standing.state === "ended" && isOnTerminal(context)) {
    if (args.headless !== true && (args.terminal === true || belongsOnTerminal(only.before))) {
      requireLaunched(only);
      await declareGone(bus, only.standing, { ...context, dataDir });
      return { ...only, again: againOf(only.standing.view) };
    }
  }
  const errors: unknown[] = [];
  const withoutTheirs: AgentId[] = [];
  await inTurns(chosen, turns, async (one) => {
    const did = await resumeOne(one, bus, context).catch((error: unknown) => void errors.push(error));
    if (did === "started" && isOfTerminal(one.before)) withoutTheirs.push(one.standing.view.agent_id);
  });
  if (withoutTheirs.length > 0 && args.headless !== true) context.note(terminalWords(withoutTheirs.sort()));
  const others = chosen.filter(({ standing, node }) => standing.state === "elsewhere" && node === undefined);
  if (others.length > 1) context.note(hereWords(others.map(({ standing }) => standing.view.agent_id)));
  throwWorst(errors, `${errors.length} of ${chosen.length} agents were not resumed`, context.note);
  return undefined;
}

function terminalWords(ids: readonly AgentId[]): string {
  const [id = ""] = ids;
  const were = ids.length === 1 ? "was" : "were";
  return `${ids.join(", ")} ${were} launched on a terminal; to have ${id} on one again: ${onTerminalLine(id)}`;
}

/** Of several agents, no error has its hint. */
function hereWords(ids: readonly AgentId[]): string {
  return `to start ${ids.join(", ")} on this machine, when they run on the other one no longer: cliai resume ${ids.join(" ")} --here`;
}

function isOnTerminal({ isTerminal, json }: CliContext): boolean {
  return isTerminal && !json && process.stdin.isTTY === true;
}
