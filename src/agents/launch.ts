// Launches an agent's CLI as a child process, never through a shell: on this process's terminal, or with pipes for a headless
// session. The process is ended by its own handle. `terminal/own-terminal.ts` launches it on a terminal of our own.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import process from "node:process";
import type { Readable, Writable } from "node:stream";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import { signalChild, signalGroup } from "../processes/end-process.ts";
import { runVariable } from "../processes/run-processes.ts";
import type { AgentCli } from "./agent-cli.ts";
import { findProgram } from "./find-program.ts";
import { type Exit, type RunningAgent, runningAgent } from "./running-agent.ts";

export interface LaunchOptions {
  readonly cli: AgentCli;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<NodeJS.ProcessEnv>;
  /** Whether the child is on a terminal, which itself sends SIGINT at Ctrl-C. If so, SIGINT is not passed on, so that the child gets it once. */
  readonly isTerminal: boolean;
  /** Whether the child's standard input and output are pipes. If not, it has those of this process. */
  readonly isPiped?: boolean;
  /** Whether another program of the agent has the user's terminal: the child prints nothing there, and no key there reaches it. */
  readonly isBeside?: boolean;
  /** Whether the child ends when the user's terminal closes. Default true. */
  readonly diesWithTerminal?: boolean;
  /** The run's id, put into the child's environment as `CLIAI_RUN`. */
  readonly run: string;
}

/** `pipes` is there if the CLI was launched with `isPiped`. */
export interface LaunchedAgent extends RunningAgent {
  readonly pipes?: { readonly stdin: Writable; readonly stdout: Readable };
  /** Starts the CLI's terminal on the session that is open now. Absent if the CLI has the terminal already, or there is none. */
  openTerminal?(sessionId: string): void;
}

const passedSignals = ["SIGTERM", "SIGHUP", "SIGINT"] as const;

/** Starts the CLI. If it cannot be started, `exitCode` rejects with CliaiError `cli_missing`. */
export function launchAgent(options: LaunchOptions): LaunchedAgent {
  const {
    cli,
    args,
    cwd,
    env,
    isTerminal,
    isPiped,
    isBeside = false,
    diesWithTerminal = true,
    run,
  } = options;
  // Listen before the child starts. A signal in between would end this process only, and leave the child behind.
  const stopPassing = passSignals((signal) => {
    if (signal === "SIGHUP" && !diesWithTerminal) return;
    if (signal !== "SIGINT") void agent.end(signal);
    else if (!isTerminal || isGroup) kill(signal);
  });
  // Only without a terminal: in a group of its own the CLI could not read from the terminal.
  const isApart = isPiped === true && process.platform !== "win32";
  const isGroup = isApart && cli.isProcessGroup === true;
  const errors = isBeside ? "ignore" : "inherit";
  const stdio = isPiped === true ? (["pipe", "pipe", errors] as const) : "inherit";
  const child = spawn(programOf(cli, env), [...(cli.programArgs ?? []), ...args], {
    ...{ cwd, stdio: stdio as "inherit", shell: false, detached: isGroup || (isApart && isBeside) },
    env: { ...env, [runVariable]: run },
  });
  const kill = (signal: NodeJS.Signals) =>
    isGroup ? signalGroup(child, signal) : signalChild(child, signal);
  const exit = new Promise<Exit>((resolve, reject) => {
    child.once("error", (cause) => reject(launchFailure(cli, cause)));
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  const agent = runningAgent({ pid: child.pid, run, kill, isAskedAgain: cli.isAskedAgain, exit });
  void agent.ended.finally(stopPassing);
  const { stdin, stdout } = child as { stdin: Writable | null; stdout: Readable | null };
  return stdin === null || stdout === null ? agent : { ...agent, pipes: { stdin, stdout } };
}

/** The program to start for the CLI on this machine. */
export function programOf(cli: AgentCli, env: LaunchOptions["env"]): string {
  return findProgram(cli, { env, platform: process.platform, exists: existsSync });
}

/** Calls `pass` for each signal that ends a program (SIGTERM, SIGHUP, SIGINT). Returns a function that stops this. */
export function passSignals(pass: (signal: NodeJS.Signals) => void): () => void {
  for (const signal of passedSignals) process.on(signal, pass);
  return () => {
    for (const signal of passedSignals) process.off(signal, pass);
  };
}

/** The error `cli_missing` for a CLI that could not be started, with a hint. */
export function launchFailure(cli: AgentCli, cause: Error): CliaiError {
  const isMissing = (cause as NodeJS.ErrnoException).code === "ENOENT";
  const why = isMissing ? "there is no such program on PATH" : messageOf(cause);
  return new CliaiError("cli_missing", `cannot start ${cli.program}: ${why}`, {
    hint: isMissing ? `install it: ${cli.install}` : `check that it runs by itself: ${cli.program} --version`,
    cause,
  });
}
