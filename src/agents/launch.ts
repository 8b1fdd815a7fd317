// Launches an agent's CLI: as a process with arguments, never through a shell; in the foreground on this terminal, or with
// pipes for a session without one. It is ended by its own handle. On a terminal of our own: own-terminal.ts.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import process from "node:process";
import type { Readable, Writable } from "node:stream";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import { signalChild } from "../processes/end-process.ts";
import { runVariable } from "../processes/run-processes.ts";
import type { AgentCli } from "./agent-cli.ts";
import { findProgram } from "./find-program.ts";
import { type Exit, type RunningAgent, runningAgent } from "./running-agent.ts";

export interface LaunchOptions {
  readonly cli: AgentCli;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<NodeJS.ProcessEnv>;
  /** Whether a terminal sends Ctrl-C to the child by itself; it must not come twice. */
  readonly isTerminal: boolean;
  /** Whether its input and output are ours instead of this process's own. */
  readonly isPiped?: boolean;
  /** The run that its environment names. */
  readonly run: string;
}

/** One whose input and output are ours, where they are. */
export interface LaunchedAgent extends RunningAgent {
  readonly pipes?: { readonly stdin: Writable; readonly stdout: Readable };
}

const passedSignals = ["SIGTERM", "SIGHUP", "SIGINT"] as const;

export function launchAgent({ cli, args, cwd, env, isTerminal, isPiped, run }: LaunchOptions): LaunchedAgent {
  // Listened to first: a signal that came in between would end this process alone, and leave the child behind.
  const stopPassing = passSignals((signal) => {
    if (signal !== "SIGINT") void agent.end(signal);
    else if (!isTerminal) signalChild(child, signal);
  });
  const stdio = isPiped === true ? (["pipe", "pipe", "inherit"] as const) : "inherit";
  const child = spawn(programOf(cli, env), [...args], {
    ...{ cwd, stdio: stdio as "inherit", shell: false },
    env: { ...env, [runVariable]: run },
  });
  const exit = new Promise<Exit>((resolve, reject) => {
    child.once("error", (cause) => reject(launchFailure(cli, cause)));
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  const agent = runningAgent({ pid: child.pid, run, kill: (signal) => signalChild(child, signal), exit });
  void agent.ended.finally(stopPassing);
  const { stdin, stdout } = child as { stdin: Writable | null; stdout: Readable | null };
  return stdin === null || stdout === null ? agent : { ...agent, pipes: { stdin, stdout } };
}

/** What is to be started for the CLI on this machine. */
export function programOf(cli: AgentCli, env: LaunchOptions["env"]): string {
  return findProgram(cli, { env, platform: process.platform, exists: existsSync });
}

/** Hands on the signals that end a program; returns the way to end that. */
export function passSignals(pass: (signal: NodeJS.Signals) => void): () => void {
  for (const signal of passedSignals) process.on(signal, pass);
  return () => {
    for (const signal of passedSignals) process.off(signal, pass);
  };
}

export function launchFailure(cli: AgentCli, cause: Error): CliaiError {
  const isMissing = (cause as NodeJS.ErrnoException).code === "ENOENT";
  const why = isMissing ? "there is no such program on PATH" : messageOf(cause);
  return new CliaiError("cli_missing", `cannot start ${cli.program}: ${why}`, {
    hint: isMissing ? `get it: ${cli.install}` : `see whether it runs by itself: ${cli.program} --version`,
    cause,
  });
}
