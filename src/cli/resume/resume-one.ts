// Resumes one agent without a terminal: lets it go on, or has the server start it again. Prints what it did.
import { readRunFile } from "../../data-dir/run-file.ts";
import type { AgentView } from "../../domain/fleet/agent-view.ts";
import { keptBack } from "../../domain/fleet/shown/let-go.ts";
import { startAgainHint, wasLaunched } from "../../domain/fleet/shown/way-back.ts";
import { belongsOnTerminal, type LaunchedAs, type LaunchFlags } from "../../domain/launch-flags.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import type { Bus } from "../../nats/bus.ts";
import { stillRunning } from "../../processes/process-table.ts";
import { sendAndWatch } from "../../server/send-and-watch.ts";
import { createFleetReader } from "../fleet/fleet-reading.ts";
import { type CliContext, operatorOf } from "../frame/context.ts";
import { plain } from "../frame/terminal.ts";
import { askForLaunch } from "../launch-desk.ts";
import { declareGone } from "./declare-gone.ts";
import { closedWords } from "./end-closed.ts";
import { noteSecret } from "./launch-args.ts";
import { againOf, type Standing } from "./standing.ts";
import { untilOnline, untilSessionTold } from "./until-online.ts";

const letGoWithinMs = 10_000;

export interface ToResume {
  readonly standing: Standing;
  /** How it was launched last, as far as this machine knows. */
  readonly before: LaunchedAs | undefined;
  /** The flags that are given now. */
  readonly given: LaunchFlags;
  readonly dataDir: string;
  /** The node on which an agent of another machine belongs; absent if it belongs on none. */
  readonly node?: string | undefined;
}

export type ResumeContext = Pick<CliContext, "env" | "json" | "log" | "note" | "now" | "print">;

interface Done {
  readonly did: "nothing" | "let_go" | "started";
  readonly words: string;
  readonly more?: object;
}

/** @throws CliaiError `refused` if it cannot be resumed from here; what the start throws */
export async function resumeOne(one: ToResume, bus: Bus, context: ResumeContext): Promise<Done["did"]> {
  const { agent_id } = one.standing.view;
  const { did, words, more = {} } = await resume(one, bus, context);
  context.print(context.json ? JSON.stringify({ agent_id, did, ...more }) : `${agent_id}: ${plain(words)}`);
  return did;
}

/** Whether its last launch was on a terminal, or replaced a launch on a terminal. */
export function isOfTerminal(before: LaunchedAs | undefined): boolean {
  return before !== undefined && belongsOnTerminal(before);
}

/** The command that ends an agent without a terminal, and starts it on the terminal at which it is typed. */
export function onTerminalLine(id: string): string {
  return `cliai send stop ${id} --wait applied && cliai resume ${id}`;
}

/** A host that is not heard may come back by itself. If it does not, nothing but its end lets the agent be started again. */
async function hintFor({ standing: { view, state }, node, dataDir }: ToResume): Promise<string> {
  const { agent_id } = view;
  if (state === "elsewhere") {
    return node === undefined
      ? `if it runs there no longer, start it on this machine: cliai resume ${agent_id} --here`
      : onNodeHint(view, node);
  }
  const host = state === "unknown" ? (await readRunFile(dataDir, agent_id))?.host : undefined;
  const [running] = host === undefined ? [] : await stillRunning([host]);
  return running === undefined
    ? `see its state: cliai show ${agent_id}`
    : `if it does not come back by itself, end its host, and start it again: kill ${running.pid} && cliai resume ${agent_id}`;
}

function onNodeHint(view: AgentView, node: string): string {
  const { id, profile = "PROFILE", session } = againOf(view);
  const resumes = session === undefined ? "" : ` --resume ${session}`;
  return `it belongs on the node ${node}; on that machine: cliai spawn ${profile} --id ${id}${resumes}`;
}

async function resume(one: ToResume, bus: Bus, context: ResumeContext): Promise<Done> {
  const { view, state, why } = one.standing;
  const { agent_id } = view;
  const unused = unusedWords(one.given);
  switch (state) {
    case "runs":
      return {
        did: "nothing",
        words: `${runsWords(view.status)}${closedWords(view)}${unused}${elsewhereWords(one)}`,
      };
    case "elsewhere":
    case "unknown":
      throw new CliaiError("refused", `${agent_id}: ${why}`, { hint: await hintFor(one) });
    case "paused":
      await letGo(one.standing, bus, context);
      return { did: "let_go", words: `was ${keptBack(view)}, and goes on${unused}` };
    case "ended":
      return await startAgain(one, bus, context);
  }
}

function unusedWords(given: LaunchFlags): string {
  return Object.keys(given).length === 0 ? "" : "; the flags count only when it is started again";
}

function runsWords(status: string): string {
  return status === "starting" ? "is being started already" : `runs already (${status})`;
}

/** For an agent that runs without a terminal, but was first launched on one: how to have it on a terminal again. Otherwise "". */
function elsewhereWords({ standing: { view }, before }: ToResume): string {
  if (before?.resume_on_terminal !== true) return "";
  return `, without a terminal; to have it on one again: ${onTerminalLine(view.agent_id)}`;
}

/**
 * Refuses an agent that cliai has not launched: its own MCP client started its bridge, so only that client can start it again.
 * @throws CliaiError `refused`
 */
export function requireLaunched({ standing: { view }, before }: Pick<ToResume, "standing" | "before">): void {
  if (wasLaunched(view) || before !== undefined) return;
  throw new CliaiError(
    "refused",
    `${view.agent_id} was not launched by cliai, so it cannot be started again`,
    { hint: startAgainHint(view) },
  );
}

async function startAgain(one: ToResume, bus: Bus, context: ResumeContext): Promise<Done> {
  requireLaunched(one);
  const { standing, before, given, dataDir } = one;
  const { view, why } = standing;
  await declareGone(bus, standing, { ...context, dataDir });
  const { id, profile = "agent", project, session, role } = againOf(view);
  noteSecret(id, before, given, context);
  // An agent of an earlier release has no flags, but its role is known.
  const flags = {
    ...(before === undefined && role !== undefined ? { role } : {}),
    ...(isOfTerminal(before) ? { resume_on_terminal: true as const } : {}),
    ...given,
  };
  const request = { profile, project, id, from: operatorOf(context), again: true, flags };
  const reader = createFleetReader(bus, context);
  try {
    await askForLaunch(
      bus,
      { ...request, ...(session === undefined ? {} : { resumes: session }) },
      context.note,
    );
  } catch (error) {
    if (!(error instanceof CliaiError) || error.code !== "already_running") throw error;
    // A server that has just started launches the agents again that the last server had launched.
    const { axes } = await untilOnline(view, reader, () => true);
    if (axes.link.value !== "online") {
      return { did: "nothing", words: `${why}; the server is starting it again already: cliai show ${id}` };
    }
    const told = await untilSessionTold(view, reader, session === undefined ? 0 : undefined);
    const started = `${why}; the server has started it again by itself without a terminal`;
    if (told === undefined && session !== undefined) {
      const words = `${started}; its CLI has not told yet in which session: cliai show ${id}${unusedWords(given)}`;
      return { did: "started", words, more: { session_id: null } };
    }
    const { words, more } = outcomeOf(session, told);
    return { did: "started", words: `${started}, ${words}${unusedWords(given)}`, more };
  }
  const present = (await reader.find(id))?.record.session_id;
  const { words, more } = outcomeOf(session, present);
  return { did: "started", words: `${why}; started again without a terminal, ${words}`, more };
}

/** @param session the one to go on in @param present the one in which it works now */
function outcomeOf(session: string | undefined, present: string | undefined) {
  const isSame = session !== undefined && present === session;
  return {
    words: isSame ? "in its session" : newSessionWords(session),
    more: { session_id: present ?? null, is_new_session: !isSame },
  };
}

function newSessionWords(session: string | undefined): string {
  return session === undefined
    ? "in a new session, because it had none to go on in"
    : `in a new session, because its CLI no longer has the last one (${session})`;
}

/** @throws CliaiError `no_answer`, `refused`, `failed` */
async function letGo({ view }: Standing, bus: Bus, context: ResumeContext): Promise<void> {
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
