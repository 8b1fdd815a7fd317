// Runs an agent's CLI on a terminal of our own and passes it through to the user's, so that its host can type too: never
// between the user's keys, nor into a line that the user has begun.
import type { Readable, Writable } from "node:stream";
import type { OpenTerminal } from "../runtime.ts";
import type { AgentCli } from "./agent-cli.ts";
import { launchFailure, passSignals, programOf, type RunningAgent, runningAgent } from "./launch.ts";
import { createKeyReader } from "./terminal-keys.ts";

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

export interface AgentOnTerminal extends RunningAgent {
  /** Types a text and presses Enter; false while the user is at the keyboard, and then nothing was typed. */
  type(text: string): Promise<boolean>;
  /** The line that the user had begun is sent or gone. */
  lineIsEmpty(): void;
}

const userIsIdleAfterMs = 2_000;
/** An Enter that comes with the text is taken for a part of it. */
const enterAfterMs = 200;

/** Undefined where there are no terminals of our own. @throws CliaiError `cli_missing` */
export function launchOnOwnTerminal(launch: OwnTerminalLaunch): AgentOnTerminal | undefined {
  const { cli, args, cwd, env, stdin, stdout } = launch;
  const terminal = open(launch, (data) => void stdout.write(data));
  if (terminal === undefined) return undefined;
  let typedAtMs = 0;
  let isLineBegun = false;

  // Without Ctrl-Z: nothing above us could wake a program that stops itself, for there is no shell on its terminal.
  const reader = createKeyReader((keys, line) => {
    if (line !== "left") {
      typedAtMs = performance.now();
      isLineBegun = line === "written";
    }
    terminal.write(keys);
  });
  const onInput = (data: Buffer) => reader.read(data);
  const onResize = () => terminal.resize(stdout.columns ?? 80, stdout.rows ?? 24);
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
  const isFree = () => !isLineBegun && performance.now() - typedAtMs > userIsIdleAfterMs;
  return {
    ...runningAgent((signal) => terminal.kill(signal), exit),
    async type(text) {
      if (!isFree()) return false;
      terminal.write(`\u001b[200~${printable(text)}\u001b[201~`);
      await new Promise((resolve) => setTimeout(resolve, enterAfterMs));
      terminal.write("\r");
      return true;
    },
    lineIsEmpty() {
      isLineBegun = false;
    },
  };

  function open({ open: openTerminal }: OwnTerminalLaunch, onData: (data: Uint8Array) => void) {
    try {
      const [columns, rows] = [stdout.columns ?? 80, stdout.rows ?? 24];
      return openTerminal({ command: [programOf(cli, env), ...args], cwd, env, columns, rows, onData });
    } catch (error) {
      throw launchFailure(cli, error as Error);
    }
  }
}

/** Lines and tabs stay; nothing else of a text may steer a terminal. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, " ");
}
