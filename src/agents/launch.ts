// Launches an agent's CLI in the foreground: as a process with arguments, never through a shell, on this terminal.
import { spawn } from "node:child_process";
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
}

const passedSignals = ["SIGTERM", "SIGHUP", "SIGINT"] as const;

/**
 * Resolves with the CLI's own exit code when it has ended; 128 and the signal's number when a signal ended it.
 * @throws CliaiError `cli_missing` with the command that gets it
 */
export async function launchAgent({ cli, args, cwd, env, isTerminal }: LaunchOptions): Promise<number> {
  const pass = (signal: NodeJS.Signals) => {
    if (signal !== "SIGINT" || !isTerminal) child.kill(signal);
  };
  // Listened to first: a signal that came in between would end this process alone, and leave the child behind.
  for (const signal of passedSignals) process.on(signal, pass);
  const child = spawn(cli.program, [...args], { cwd, env, stdio: "inherit", shell: false });
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once("error", (cause) => reject(launchFailure(cli, cause)));
      child.once("exit", (code, signal) =>
        resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
      );
    });
  } finally {
    for (const signal of passedSignals) process.off(signal, pass);
  }
}

function launchFailure(cli: AgentCli, cause: Error): CliaiError {
  const isMissing = (cause as NodeJS.ErrnoException).code === "ENOENT";
  const why = isMissing ? "there is no such program on PATH" : messageOf(cause);
  return new CliaiError("cli_missing", `cannot start ${cli.program}: ${why}`, {
    hint: isMissing ? `get it: ${cli.install}` : `see whether it runs by itself: ${cli.program} --version`,
    cause,
  });
}
