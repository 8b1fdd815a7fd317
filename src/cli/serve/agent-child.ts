// One agent that `serve` has launched: `cliai spawn` of this program as its child, without a terminal. Started, awaited,
// and ended by its handle. With --ends-with-input it ends with `serve`, however that ends.

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

/** With the end of one that does not, less than an HTTP request may take (src/runtime.ts). */
const connectedWithinMs = 24_000;
/** Its CLI has 5 s of these, what that leaves 3, and its goodbye 4. */
const endWithinMs = 15_000;
/** Who waits for a launch that has failed waits for no more of its end than this. */
const endedBeforeAnswerMs = 5_000;
const lookEveryMs = 50;
const lastWordsKept = 2_000;

export interface AgentChildOptions {
  readonly id: AgentId;
  readonly profile: string;
  readonly project?: string | undefined;
  readonly dataDir: string;
  readonly configPath: string | undefined;
  /** More flags of `spawn`, and after `--` what goes to its CLI. */
  readonly more: readonly string[];
  readonly context: Pick<CliContext, "env" | "cwd" | "log">;
}

export interface AgentChild {
  readonly pid: number | undefined;
  /** Resolves with how it ended, in words: `exit code 0`, `SIGTERM`. */
  readonly ended: Promise<string>;
  /** What it printed last. */
  lastWords(): string;
  /**
   * @param withinMs less than an HTTP request may take, when left out
   * @throws CliaiError `failed` with its last words when it ends before it is connected, or does not connect in time
   */
  connected(isConnected: () => boolean, withinMs?: number): Promise<void>;
  /** Resolves when it has ended; by force, where it does not by itself. */
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
  child.stdin?.on("error", () => undefined); // it has ended: told below
  let ending: string | undefined;
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    // Not "exit", because its last output may still be on its way.
    child.once("close", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  void ended.then((how) => {
    ending = how;
  });
  /** A host that was killed has ended nothing of its run. */
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
      // No signal on Windows: it would end the host at once, and leave its CLI behind.
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
    ...["spawn", profile, `--id=${id}`, `--data-dir=${dataDir}`],
    ...(project === undefined ? [] : [`--project=${project}`]),
    ...(configPath === undefined ? [] : [`--config=${configPath}`]),
    ...more,
  ];
  const input = more.includes(endsWithInput) ? "pipe" : "ignore";
  return spawn(command, own, { cwd: context.cwd, env: context.env, stdio: [input, "pipe", "pipe"] });
}

/** As a flag of `spawn`: the child holds its standard input for as long as this process lives. */
export const endsWithInput = "--ends-with-input";

function oneLine(text: string): string {
  return redact(text.trim().replaceAll(/\s*\n\s*/g, " "));
}
