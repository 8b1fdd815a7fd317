// Launches an agent's CLI: as a process with arguments, never through a shell; in the foreground on this terminal, or with
// pipes for a session without one. It is ended by its own handle.
import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import process from "node:process";
import { CliaiError, messageOf } from "../domain/errors.ts";
import type { AgentCli } from "./agent-cli.ts";

export interface LaunchOptions {
  readonly cli: AgentCli;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<NodeJS.ProcessEnv>;
  /** Whether a terminal sends Ctrl-C to the child by itself; it must not come twice. */
  readonly isTerminal: boolean;
  /** Whether its input and output are ours instead of this process's own. */
  readonly isPiped?: boolean;
}

export interface RunningAgent {
  readonly child: ChildProcess;
  terminate(): void;
  kill(): void;
  /** Resolves with how it ended, in words. */
  readonly ended: Promise<string>;
  /**
   * Resolves with the CLI's own exit code when it has ended; 128 and the signal's number when a signal ended it.
   * Rejects with CliaiError `cli_missing`, and the command that gets it.
   */
  readonly exitCode: Promise<number>;
}

const passedSignals = ["SIGTERM", "SIGHUP", "SIGINT"] as const;

export function launchAgent({ cli, args, cwd, env, isTerminal, isPiped }: LaunchOptions): RunningAgent {
  const pass = (signal: NodeJS.Signals) => {
    if (signal !== "SIGINT" || !isTerminal) child.kill(signal);
  };
  // Listened to first: a signal that came in between would end this process alone, and leave the child behind.
  for (const signal of passedSignals) process.on(signal, pass);
  const stdio = isPiped === true ? (["pipe", "pipe", "inherit"] as const) : "inherit";
  const child = spawn(cli.program, [...args], { cwd, env, stdio: stdio as "inherit", shell: false });
  const exit = new Promise<{ code: number; how: string }>((resolve, reject) => {
    child.once("error", (cause) => reject(launchFailure(cli, cause)));
    child.once("exit", (code, signal) =>
      resolve({
        code: code ?? 128 + (signal === null ? 0 : constants.signals[signal]),
        how: signal ?? `exit code ${code}`,
      }),
    );
  }).finally(() => {
    for (const signal of passedSignals) process.off(signal, pass);
  });
  return {
    child,
    terminate: () => void child.kill("SIGTERM"),
    kill: () => void child.kill("SIGKILL"),
    ended: exit.then(
      ({ how }) => how,
      (error: unknown) => messageOf(error),
    ),
    exitCode: exit.then(({ code }) => code),
  };
}

function launchFailure(cli: AgentCli, cause: Error): CliaiError {
  const isMissing = (cause as NodeJS.ErrnoException).code === "ENOENT";
  const why = isMissing ? "there is no such program on PATH" : messageOf(cause);
  return new CliaiError("cli_missing", `cannot start ${cli.program}: ${why}`, {
    hint: isMissing ? `get it: ${cli.install}` : `see whether it runs by itself: ${cli.program} --version`,
    cause,
  });
}
