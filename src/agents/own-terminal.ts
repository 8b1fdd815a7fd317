// Runs an agent's CLI on a terminal of our own and passes it through to the user's, so that its host can type too: only
// into a prompt that the screen shows to be empty, and never between the user's keys.
import type { Readable, Writable } from "node:stream";
import type { OpenTerminal } from "../runtime.ts";
import type { AgentCli } from "./agent-cli.ts";
import { launchFailure, passSignals, programOf, type RunningAgent, runningAgent } from "./launch.ts";
import { createKeyReader } from "./terminal-keys.ts";
import { createTerminalScreen } from "./terminal-screen.ts";
import { createTyper, type Typer } from "./typing.ts";

interface UserInput extends Readable {
  setRawMode?(isRaw: boolean): unknown;
}
interface UserScreen extends Writable {
  readonly columns?: number;
  readonly rows?: number;
}

export interface OwnTerminalLaunch {
  readonly cli: AgentCli;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: UserInput;
  readonly stdout: UserScreen;
  readonly open: OpenTerminal;
}

export interface AgentOnTerminal extends RunningAgent, Pick<Typer, "type" | "noteSent"> {}

/** Undefined where there are no terminals of our own. @throws CliaiError `cli_missing` */
export function launchOnOwnTerminal(launch: OwnTerminalLaunch): AgentOnTerminal | undefined {
  const { cli, args, cwd, env, stdin, stdout } = launch;
  const size = () => [stdout.columns ?? 80, stdout.rows ?? 24] as const;
  const [columns, rows] = size();
  const { readPrompt } = cli;
  const screen = readPrompt === undefined ? undefined : createTerminalScreen(columns, rows);
  const terminal = open(launch, (data) => {
    stdout.write(data);
    screen?.write(data);
  });
  if (terminal === undefined) return undefined;
  const typer = createTyper({
    write: (keys) => terminal.write(keys),
    readPrompt: async () =>
      screen === undefined || readPrompt === undefined ? "other" : readPrompt(await screen.read()),
  });

  // Without Ctrl-Z: nothing above us could wake a program that stops itself, for there is no shell on its terminal.
  const reader = createKeyReader((keys, line) => typer.passKeys(keys, line !== "left"));
  const onInput = (data: Buffer) => reader.read(data);
  const onResize = () => {
    terminal.resize(...size());
    screen?.resize(...size());
  };
  stdin.setRawMode?.(true);
  stdin.on("data", onInput);
  stdout.on("resize", onResize);
  const stopPassing = passSignals((signal) => terminal.kill(signal));
  const exit = terminal.exited.finally(() => {
    stopPassing();
    stdin.off("data", onInput);
    reader.stop();
    stdin.setRawMode?.(false);
    stdin.pause();
    stdout.off("resize", onResize);
  });
  return {
    ...runningAgent((signal) => terminal.kill(signal), exit),
    type: typer.type,
    noteSent: typer.noteSent,
  };

  function open({ open: openTerminal }: OwnTerminalLaunch, onData: (data: Uint8Array) => void) {
    try {
      return openTerminal({ command: [programOf(cli, env), ...args], cwd, env, columns, rows, onData });
    } catch (error) {
      throw launchFailure(cli, error as Error);
    }
  }
}
