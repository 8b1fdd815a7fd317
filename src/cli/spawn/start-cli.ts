// Starts the CLI of an agent: on a terminal of our own, on the user's terminal, or without one. Notes its process in the run file.
import process from "node:process";
import type { CliStart } from "../../agents/agent-launch.ts";
import { noProxyWithLoopback } from "../../agents/direct-loopback.ts";
import { type LaunchedAgent, launchAgent } from "../../agents/launch.ts";
import { type AgentOnTerminal, launchOnOwnTerminal } from "../../agents/terminal/own-terminal.ts";
import { servedAgent } from "../../agents/terminal/served-agent.ts";
import type { TerminalView } from "../../agents/terminal/terminal-view.ts";
import { writeRunFile } from "../../data-dir/run-file.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { readProcessStart } from "../../processes/process-start.ts";
import { type Environment, openTerminal } from "../../runtime.ts";
import { hasTerminal } from "../frame/has-terminal.ts";
import type { SpawnPlan } from "./spawn-plan.ts";

/** Whether a person can see the CLI's terminal, and answer it. */
export function isOnTerminal({ isHeadless }: SpawnPlan["launch"]): boolean {
  return isHeadless !== true && hasTerminal();
}

/** @param onTerminal called with the terminal on which the CLI runs, if it is one of our own */
export async function startCli(
  plan: SpawnPlan,
  run: string,
  start: CliStart,
  onTerminal: (terminal: TerminalView) => void = () => undefined,
): Promise<LaunchedAgent> {
  const { id, cli, cwd, launch, dataDir } = plan;
  const { stdin, stdout } = process;
  const { diesWithTerminal } = plan;
  const direct = withDirectLoopback(plan);
  const what = {
    ...{ cli, cwd, run, args: start.args },
    env: { ...direct, ...start.env },
  };
  const isServed = cli.isServed === true && isOnTerminal(launch);
  const isOwn = isOnTerminal(launch) && cli.session !== undefined && !isServed;
  const started = await readProcessStart(process.pid);
  const host = started === undefined ? {} : { host: { pid: process.pid, started } };
  const own = { run, ...host, nats_url: plan.natsUrl };
  await writeRunFile(dataDir, id, own);
  const isTerminal = stdin.isTTY === true;
  const launchOnTerminal = (changes: Partial<typeof what> = {}) => {
    const terminal = { stdin, stdout, diesWithTerminal, open: openTerminal };
    const launched = launchOnOwnTerminal({ ...what, ...changes, ...terminal });
    if (launched !== undefined) onTerminal(launched.view);
    return launched;
  };
  const launchServed = () => {
    const server = { ...what, isTerminal: false, isPiped: true, isBeside: true, diesWithTerminal };
    return servedAgent(launchAgent(server), (session) => {
      const shown = start.terminalOn?.(session) ?? { args: [] };
      const changes = { args: shown.args, env: { ...direct, ...shown.env } };
      return launchOnTerminal(changes) ?? launchAgent({ ...what, ...changes, isTerminal });
    });
  };
  const typed = isOwn ? launchOnTerminal() : undefined;
  const agent: LaunchedAgent = isServed
    ? launchServed()
    : ((typed && { ...typed, exitCode: unlessSessionGone(typed, plan) }) ??
      launchAgent({ ...what, isTerminal, isPiped: launch.isHeadless === true }));
  const { pid } = agent;
  const cliStarted = pid === undefined ? undefined : await readProcessStart(pid);
  if (pid !== undefined && cliStarted !== undefined) {
    await writeRunFile(dataDir, id, { ...own, cli: { pid, started: cliStarted } });
  }
  return agent;
}

/** The exit code. Rejects with `session_gone` if the CLI's last screen says that it no longer has the session to resume. */
function unlessSessionGone(
  { exitCode, readText }: AgentOnTerminal,
  { cli, launch: { isResumed, sessionId } }: SpawnPlan,
): Promise<number> {
  const checked = exitCode.then(async (code) => {
    if (code === 0 || isResumed !== true || cli.isSessionGone?.(await readText()) !== true) return code;
    throw new CliaiError("session_gone", `${cli.name} no longer has the session ${sessionId}`, {
      hint: "leave --resume out: the agent then begins a new session",
    });
  });
  checked.catch(() => undefined); // whoever awaits the exit code gets the error
  return checked;
}

/**
 * Exempts loopback from the user's proxy, because hooks and the bridge reach the session's host there. Also exempts the machine of the agent's
 * model server.
 */
function withDirectLoopback({ env, launch }: Pick<SpawnPlan, "env" | "launch">): Environment {
  const {
    NO_PROXY,
    no_proxy = NO_PROXY,
    HTTP_PROXY,
    http_proxy = HTTP_PROXY,
    ALL_PROXY,
    all_proxy = ALL_PROXY,
  } = env;
  if (!http_proxy && !all_proxy) return env;
  const direct = noProxyWithLoopback([no_proxy, NO_PROXY], launch.modelServer);
  return { ...env, NO_PROXY: direct, no_proxy: direct };
}
