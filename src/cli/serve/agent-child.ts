// One agent that `serve` has launched: it runs `cliai spawn` as a child without a terminal, waits until the agent is connected,
// and ends the child by its handle. With --ends-with-input the child ends with `serve`, even if `serve` is killed.

import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import { redact } from "../../domain/text/redact.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { endProcess, hasEnded, signalChild } from "../../processes/end-process.ts";
import { selfCommand } from "../../runtime.ts";
import { atMost, pause } from "../../waiting.ts";
import type { CliContext } from "../frame/context.ts";
import { endLeftoverRun } from "../spawn/leftover-processes.ts";

/** Together with `endedBeforeAnswerMs`, this is less than the 30 s that an HTTP request may take (src/runtime.ts). */
const connectedWithinMs = 24_000;
/** Of these, the agent's CLI gets 5 s to end, the processes that the CLI leaves behind 3 s, and the goodbye 4 s. */
const endWithinMs = 15_000;
/** When a launch has failed, the caller gets the error after at most this time, even if the child has not ended yet. */
const endedBeforeAnswerMs = 5_000;
const lookEveryMs = 50;
const lastWordsKept = 2_000;

export interface AgentChildOptions {
  readonly id: AgentId;
  readonly profile: string;
  readonly project?: string | undefined;
  readonly dataDir: string;
  readonly configPath: string | undefined;
  /** More flags for `spawn`, and after `--` the arguments for the agent's CLI. */
  readonly more: readonly string[];
  readonly context: Pick<CliContext, "env" | "cwd" | "log">;
}

export interface AgentChild {
  readonly pid: number | undefined;
  /** Resolves when the child has ended, with how it ended: `exit code 0`, `SIGTERM`. */
  readonly ended: Promise<string>;
  /** The end of the child's output, on one line. */
  lastWords(): string;
  /**
   * Resolves when `isConnected` returns true.
   * @param withinMs default: less than an HTTP request may take
   * @throws CliaiError `failed` with the last words, if the child ends before it is connected, or does not connect in time
   */
  connected(isConnected: () => boolean, withinMs?: number): Promise<void>;
  /** Asks the child to end, and kills it if it has not ended in time. Resolves when it has ended. */
  end(): Promise<void>;
}

export function startAgentChild(options: AgentChildOptions): AgentChild {
  const { id, context } = options;
  const child = startSpawn(options);
  let lastWords = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      lastWords = (lastWords + text).slice(-lastWordsKept);
      context.log.debug(`${id}: ${text.trimEnd()}`);
    });
  }
  child.stdin?.on("error", () => undefined); // the child has ended, which `ended` reports
  let ending: string | undefined;
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    // Not "exit", because at "exit" the last output may not have been read yet.
    child.once("close", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  void ended.then((how) => {
    ending = how;
  });
  /** A host that was killed could not end its CLI and tools. End them here. */
  const swept = new Promise<void>((resolve) => {
    child.once("exit", (_, signal) => {
      if (signal === null) return resolve();
      const sweeping = endLeftoverRun(options.dataDir, id, context.log);
      resolve(sweeping.catch((error: unknown) => context.log.warn(`${id}: ${messageOf(error)}`)));
    });
  });
  let endingNow: Promise<void> | undefined;
  const endNow = async () => {
    if (hasEnded(child)) return;
    const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    const terminate = () => {
      child.stdin?.end();
      // On Windows the end of stdin must do: a signal would kill the host at once, and its CLI would run on.
      if (child.stdin === null || process.platform !== "win32") signalChild(child, "SIGTERM");
    };
    await endProcess({ terminate, kill: () => signalChild(child, "SIGKILL"), ended: exited }, endWithinMs);
    if (hasEnded(child)) await swept;
  };
  const end = () => {
    endingNow ??= endNow();
    return endingNow;
  };
  return {
    pid: child.pid,
    ended,
    end,
    lastWords: () => oneLine(lastWords),
    async connected(isConnected, withinMs = connectedWithinMs) {
      const deadline = performance.now() + withinMs;
      while (!isConnected()) {
        if (ending !== undefined || performance.now() > deadline) {
          const why = ending ?? `not connected within ${withinMs / 1000} s`;
          await atMost(endedBeforeAnswerMs, end());
          throw new CliaiError("failed", `${id} did not start (${why}): ${oneLine(lastWords)}`);
        }
        await pause(lookEveryMs);
      }
    },
  };
}

function startSpawn({
  id,
  profile,
  project,
  dataDir,
  configPath,
  more,
  context,
}: AgentChildOptions): ChildProcess {
  const { command, args } = selfCommand();
  const own = [
    ...args,
    ...["spawn", profile, "--quiet", `--id=${id}`, `--data-dir=${dataDir}`],
    ...(project === undefined ? [] : [`--project=${project}`]),
    ...(configPath === undefined ? [] : [`--config=${configPath}`]),
    ...more,
  ];
  const input = more.includes(endsWithInput) ? "pipe" : "ignore";
  return spawn(command, own, { cwd: context.cwd, env: context.env, stdio: [input, "pipe", "pipe"] });
}

/** The flag that ends `spawn` when its standard input ends: here, when this process closes it or dies. */
export const endsWithInput = "--ends-with-input";

function oneLine(text: string): string {
  return redact(text.trim().replaceAll(/\s*\n\s*/g, " "));
}
