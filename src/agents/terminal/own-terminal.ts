// This room holds the terminals that agent CLIs run on: what the user's keys do, what the screen shows, and typing into a prompt.
//
// Runs an agent's CLI on a terminal of our own, and shows that terminal on the user's. So the host can type, too: only into a prompt that the
// screen shows to be empty, and never between the user's keys.
import type { Readable, Writable } from "node:stream";
import type { RetryShown } from "../../domain/hook.ts";
import { runVariable } from "../../processes/run-processes.ts";
import type { OpenTerminal } from "../../runtime.ts";
import type { AgentCli, TurnShown } from "../agent-cli.ts";
import { launchFailure, passSignals, programOf } from "../launch.ts";
import { type RunningAgent, runningAgent } from "../running-agent.ts";
import { createKeyReader } from "./terminal-keys.ts";
import { createTerminalModes } from "./terminal-modes.ts";
import { createTerminalScreen } from "./terminal-screen.ts";
import { createTerminalView, type TerminalView } from "./terminal-view.ts";
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
  /** Whether the CLI ends when the user's terminal closes. If not, it runs on, on the terminal of our own. */
  readonly diesWithTerminal: boolean;
  /** The run's id, put into the CLI's environment as `CLIAI_RUN`. */
  readonly run: string;
}

export interface AgentOnTerminal extends RunningAgent, Pick<Typer, "type" | "noteSent"> {
  /** What the screen shows: nothing yet, the CLI's empty prompt, or something else; `other` if the CLI's screen cannot be read. */
  readBeginning(): Promise<"blank" | "prompt" | "other">;
  /** {@link AgentCli.readInputHindrance}, on the present screen. */
  readInputHindrance(): Promise<string | undefined>;
  /** Reads from the screen whether the CLI repeats a request to its model. */
  readRetry(): Promise<RetryShown | undefined>;
  /** Reads from the screen whether a turn runs. */
  readTurn(): Promise<TurnShown>;
  /** Resolves when the user's terminal has closed and the CLI runs on; undefined if the CLI ends with it. */
  readonly whenClosed: Promise<void> | undefined;
  /** What the screen shows; after the CLI's end, its last screen. */
  readText(): Promise<string>;
  readonly view: TerminalView;
}

/**
 * Returns undefined if this platform cannot open a terminal.
 * @throws CliaiError `cli_missing` if the CLI cannot be started
 */
export function launchOnOwnTerminal(launch: OwnTerminalLaunch): AgentOnTerminal | undefined {
  const { cli, stdin, stdout, diesWithTerminal, run } = launch;
  let isTerminalThere = true;
  const closed = Promise.withResolvers<void>();
  const size = (): Size => [stdout.columns ?? 80, stdout.rows ?? 24];
  const { readPrompt, readInputHindrance } = cli;
  const screen = createTerminalScreen(...size());
  const modes = createTerminalModes();
  const terminal = open(launch, size(), (data) => {
    modes.read(data);
    if (isTerminalThere) stdout.write(data);
    screen.write(data);
    view.tell();
  });
  if (terminal === undefined) return undefined;
  const typer = createTyper({
    write: (keys) => terminal.write(keys),
    readPrompt: async () => (readPrompt === undefined ? "other" : readPrompt(await screen.read())),
  });

  const resize = (wide: number, high: number) => {
    terminal.resize(wide, high);
    screen.resize(wide, high);
    view.tell();
  };
  const hasWindow = () => isTerminalThere;
  const view = createTerminalView({ screen, modes, passKeys: typer.passKeys, hasWindow, resize });

  // The reader drops Ctrl-Z: it would stop the CLI, and nothing could wake it, because its terminal has no shell.
  const reader = createKeyReader((keys, line) => typer.passKeys(keys, line !== "left"));
  const onInput = (data: Buffer) => reader.read(data);
  const onResize = () => resize(...size());
  stdin.setRawMode?.(true);
  stdin.on("data", onInput);
  stdout.on("resize", onResize);
  const leaveTerminal = () => {
    if (!isTerminalThere) return;
    isTerminalThere = false;
    stdin.off("data", onInput);
    reader.stop();
    stdin.pause();
    stdout.off("resize", onResize);
    view.tell();
  };
  const leaveClosed = () => {
    leaveTerminal();
    closed.resolve();
  };
  const endClosed = () => {
    if (isTerminalThere) void agent.end("SIGHUP");
  };
  // These events can tell that the terminal has closed before SIGHUP does. Without a listener, an `error` would be thrown, also by
  // `setRawMode` when the CLI has ended.
  const onClosed = diesWithTerminal ? endClosed : leaveClosed;
  stdin.once("end", onClosed).on("error", onClosed);
  stdout.on("error", onClosed);
  const stopPassing = passSignals((signal) => {
    if (signal === "SIGINT") terminal.kill(signal);
    else if (signal === "SIGHUP" && !diesWithTerminal) leaveClosed();
    else void agent.end(signal);
  });
  const exit = terminal.exited.finally(() => {
    if (!isTerminalThere) return;
    leaveTerminal();
    stdin.setRawMode?.(false);
    // A CLI that was killed has not reset what it changed of the terminal.
    stdout.write(modes.reset());
  });
  const agent = runningAgent({ pid: terminal.pid, run, kill: (signal) => terminal.kill(signal), exit });
  void agent.ended.finally(stopPassing);
  return {
    ...agent,
    type: typer.type,
    noteSent: typer.noteSent,
    whenClosed: diesWithTerminal ? undefined : closed.promise,
    view,
    async readBeginning() {
      if (readPrompt === undefined) return "other";
      const shown = await screen.read();
      if (shown.rows.every(({ text }) => text === "")) return "blank";
      return readPrompt(shown) === "empty" ? "prompt" : "other";
    },
    readText: async () => (await screen.read()).rows.map(({ text }) => text).join("\n"),
    readInputHindrance: async () => readInputHindrance?.(await screen.read()),
    readTurn: async () => cli.readTurn?.(await screen.read()) ?? "other",
    readRetry: async () => cli.readRetry?.(await screen.read()),
  };
}

type Size = readonly [columns: number, rows: number];

function open(launch: OwnTerminalLaunch, [columns, rows]: Size, onData: (data: Uint8Array) => void) {
  const { open: openTerminal, cli, args, cwd, env, run } = launch;
  try {
    return openTerminal({
      ...{ command: [programOf(cli, env), ...args], cwd, columns, rows, onData },
      env: { ...env, [runVariable]: run },
    });
  } catch (error) {
    throw launchFailure(cli, error as Error);
  }
}
